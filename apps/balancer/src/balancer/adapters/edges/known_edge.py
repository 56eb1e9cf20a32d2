"""One edge as the hub knows it: its lease, what it said last, and what it still has to be told and asked."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from balancer.adapters.edges.offer import Offer
from balancer.adapters.edges.question import Question
from balancer.adapters.edges.wire import BEAT, VERBS, Beat, line
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.core.edge import Edge

_log = logging.getLogger(__name__)

_READING = 0.1
"""Seconds in which the hub reads what had come while its own process was held up. Only then nothing has come."""

_LONGEST_PROBLEM = 2000
"""Characters of what an edge says is wrong: it is shown, logged and kept in events."""


class KnownEdge:
    """Everything happens in the hub's event loop. The lease begins anew with everything that is heard, and outlives a
    stream: an edge whose agent comes back meanwhile is asked and told again what it did not answer. `changed` is called
    whenever somebody may wait for what has changed. `end_stream`: ends the present stream, None where there is none."""

    def __init__(self, node: str, lease: float, changed: Callable[[], None]) -> None:
        self.node = node
        self.is_leased = False
        self.end_stream: Callable[[], None] | None = None
        self.news = asyncio.Event()
        self._lease = lease
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._beat = Beat()
        self._reason = ""
        self._offer: Offer | None = None
        self._told: EdgeFiles | None = None
        self._must_tell = False
        self._problem_since: float | None = None
        self._next_number = 0
        self._unanswered: dict[int, Question] = {}
        self._unasked: deque[int] = deque()

    @property
    def takes_part(self) -> bool:
        return self.is_leased and self._beat.serving

    @property
    def obeys(self) -> bool:
        """Whether it obeys what is offered, and was told so."""
        return self._offer is not None and not self._must_tell and self._beat.obeys == self._offer.name

    @property
    def fails(self) -> bool:
        """Whether it has a problem with what it was told, and has tried again: an agent tries once in a BEAT."""
        return self._problem_since is not None and self._loop.time() - self._problem_since >= 2 * BEAT

    @property
    def problem(self) -> str:
        return self._beat.problem or self._reason

    @property
    def silent_for(self) -> float:
        return self._loop.time() - self._heard

    def edge(self) -> Edge:
        return Edge(
            node=self.node,
            is_leased=self.is_leased,
            is_serving=self.takes_part,
            in_step=self.is_leased and self.obeys,
            silent_for=self.silent_for,
            problem=self.problem,
        )

    def begin(self, end_stream: Callable[[], None]) -> None:
        """A stream has come. The one before, if it is still there, ends."""
        if self.end_stream:
            _log.info("edge came again", extra={"node": self.node})
            self.end_stream()
        self.end_stream = end_stream
        self._told, self._must_tell, self._problem_since = None, True, None
        self._beat = Beat(serving=self.takes_part)
        self._unasked = deque(self._unanswered)
        self.news.set()
        self.hear()

    def ended(self, end_stream: Callable[[], None]) -> None:
        """This stream has ended. The lease goes on."""
        if self.end_stream is end_stream:
            self.end_stream = None

    def hear(self) -> None:
        """Something came from the edge."""
        self._heard = self._loop.time()
        if not self.is_leased:
            self.is_leased, self._reason = True, ""
            self._loop.call_later(self._lease, self._look)
            self._changed()

    def lose(self, reason: str) -> None:
        """Its lease ends now. Nobody waits for it any more."""
        if not self.is_leased:
            return
        _log.warning("edge lost", extra={"node": self.node, "reason": reason})
        self.is_leased, self._beat, self._reason = False, Beat(), reason
        self._problem_since = None
        unanswered, self._unanswered = self._unanswered, {}
        for question in unanswered.values():
            question.leave(self.node)
        if self.end_stream:
            self.end_stream()
        self._changed()

    def offer(self, offer: Offer) -> None:
        """From now on it has to obey this. Where it could not, it is told once more."""
        if self._offer is not offer or (self._beat.problem and not self.obeys):
            self._must_tell = True
            self._problem_since = None
        self._offer = offer
        self.news.set()

    def ask(self, question: Question) -> None:
        """Where the answer has not come when the time of a lease is over, the lease ends."""
        number = self._next_number
        self._next_number += 1
        self._unanswered[number] = question
        self._unasked.append(number)
        self.news.set()
        self._loop.call_later(self._lease, self._miss, number)

    def next_line(self) -> bytes | None:
        """What to say next on the stream, None for nothing. Files go first: whatever is asked after an offer is
        answered by an edge that obeys it."""
        if self._offer and self._must_tell:
            said = self._offer.line_after(self._told)
            self._told, self._must_tell = self._offer.files, False
            self._beat = replace(self._beat, obeys="")  # What it said before, it said of other files.
            return said
        while self._unasked:
            number = self._unasked.popleft()
            if question := self._unanswered.get(number):
                return line({"ask": question.verb, "id": number, **question.arguments})
        return None

    def told(self, said: dict[str, Any]) -> None:
        """A line came on the stream. Raises KeyError, TypeError, ValueError for one that is none of the wire."""
        if "beat" in said:
            self._beaten(Beat(**said["beat"]))
        elif (question := self._unanswered.get(said["answer"])) is None:
            return
        elif "error" in said:
            del self._unanswered[said["answer"]]
            question.refuse(self.node, str(said["error"])[:_LONGEST_PROBLEM])
        else:
            result = VERBS[question.verb].decode(said["result"])
            del self._unanswered[said["answer"]]
            question.answer(self.node, result)

    def _beaten(self, beat: Beat) -> None:
        if not (isinstance(beat.obeys, str) and isinstance(beat.serving, bool) and isinstance(beat.problem, str)):
            raise TypeError("a beat says two texts and a boolean")
        beat = replace(beat, problem=beat.problem[:_LONGEST_PROBLEM])
        if not beat.problem or self._must_tell:
            self._problem_since = None
        elif self._problem_since is None:
            self._problem_since = self._loop.time()
        if beat != self._beat:
            self._beat = beat
            self._changed()
        elif self.fails:
            self._changed()

    def _look(self) -> None:
        left = self._lease - self.silent_for
        if self.is_leased and left <= 0:
            self._loop.call_later(_READING, self._end_lease, self._heard)
        elif self.is_leased:
            self._loop.call_later(left, self._look)

    def _end_lease(self, heard: float) -> None:
        if self._heard == heard:
            self.lose(f"nothing was heard of it for {self._lease:g} s")
        else:
            self._look()

    def _miss(self, number: int) -> None:
        self._loop.call_later(_READING, self._end_waiting, number)

    def _end_waiting(self, number: int) -> None:
        if question := self._unanswered.get(number):
            self.lose(f"it did not answer {question.verb!r} within {self._lease:g} s")
