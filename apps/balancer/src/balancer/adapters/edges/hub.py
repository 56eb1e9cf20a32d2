"""The hub: where the agents beside the edges connect to, in the balancer. See wire.py for what is said."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future, wait
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from balancer.adapters.edges.connections import Connections
from balancer.adapters.edges.known_edge import KnownEdge
from balancer.adapters.edges.offer import Offer
from balancer.adapters.edges.question import Question
from balancer.adapters.edges.tls import Certificates
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.core.edge import Edge
from balancer.core.errors import PlaneUnavailable

T = TypeVar("T")
_log = logging.getLogger(__name__)
_REMEMBERED = 300.0
"""Seconds for which an edge that is lost is still shown."""
_LONGEST_REST = 0.25
"""Seconds between the answers to a question and the next equal one, at most."""
_STOPPED = "the hub of the edges does not run"
_Key = tuple[str, tuple[tuple[str, Any], ...]]
"""Verb and arguments of a question."""


class EdgeHub:
    """`port` is of all addresses, 0 for any free one. `certificates`: the folder of ca.pem, certificate.pem and
    key.pem. `lease`: seconds. `sockets`: the folder of the balancer's sockets, where tunnels lead. Every method may be
    called by any thread between `start` and `stop`.

    In the first lease after the start, edges that obey another balancer's files may still be on their way: nobody is
    told before its end that all obey, or what all answered. The same holds for a lease from when the first edge comes
    while none has a lease: all of them find the hub at about that time, or this process was held up and forgot them."""

    def __init__(self, port: int, certificates: Path, lease: float, sockets: Path) -> None:
        self._address = ("", port)
        self._certificates = Certificates(certificates)
        self.lease = lease
        self._sockets = sockets
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event
        self._change: asyncio.Event
        self._edges: dict[str, KnownEdge] = {}
        self._offer: Offer | None = None
        self._asked: dict[_Key, asyncio.Task[Question]] = {}
        self._to_ask: dict[_Key, asyncio.Task[Question]] = {}
        self._rested: dict[str, float] = {}
        """verb → when it may be asked again."""
        self._all_are_there = 0.0

    def start(self) -> int:
        """Returns the port. Raises OSError where the port is taken or the certificates cannot be read."""
        self._certificates.context()
        started: Future[int] = Future()
        self._thread = threading.Thread(target=self._work, args=(started,), name="edge-hub", daemon=True)
        self._thread.start()
        return started.result()

    def stop(self) -> None:
        """Ends all connections. Whoever waits gets PlaneUnavailable."""
        loop, thread = self._loop, self._thread  # Another thread may stop it, too.
        if loop and thread:
            with suppress(RuntimeError):  # it has ended
                loop.call_soon_threadsafe(self._end.set)
            thread.join()
        self._loop = self._thread = None

    def offer(self, files: EdgeFiles) -> None:
        """From now on the edges are to obey these files. Those that do not obey them are told once more where they are
        the same as before."""
        before = self._offer
        offer = Offer(files, before if before and before.name != files.name else None)
        self._do(self._offered(offer))

    def is_obeyed(self, files: EdgeFiles) -> bool:
        """Whether all edges that take part obey these files, by what they said last. Raises PlaneUnavailable where none
        takes part, but where some have come and these files were not offered yet: perhaps they wait for them."""
        return self._do(self._is_obeyed(files.name))

    def wait_until_obeyed(self, within: float) -> None:
        """Until every edge that takes part obeys what was offered last. Raises PlaneUnavailable where that is not so
        within so many seconds, counted from the end of that first lease at the earliest, where none takes part, or as
        soon as one says that it cannot."""
        self._do(self._until_obeyed(within))

    def ask(self, verb: str, **arguments: Any) -> dict[str, Any]:
        """node → result, of every edge that has a lease. Those whose lease ends meanwhile are left out. Equal questions
        that nobody was asked yet are asked once, and one of a kind is asked at a time. Raises PlaneUnavailable where
        nobody answers, or where one that serves cannot."""
        return self._do(self._answers((verb, tuple(sorted(arguments.items())))))

    def edges(self) -> tuple[Edge, ...]:
        """Every edge that was heard of in the last minutes, by the name of its node. Empty where the hub does not
        run."""
        try:
            return self._do(self._known())
        except PlaneUnavailable:
            return ()

    def _do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        loop = self._loop
        if loop is None:
            coroutine.close()
            raise PlaneUnavailable(_STOPPED)
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, loop)
            while self._loop is loop and not wait({future}, timeout=1).done:
                pass
            return future.result(timeout=0)
        except (CancelledError, TimeoutError, RuntimeError):
            coroutine.close()
            raise PlaneUnavailable(_STOPPED) from None

    def _work(self, started: Future[int]) -> None:
        try:
            asyncio.run(self._run(started))
        except OSError as error:
            if not started.done():
                started.set_exception(error)
            else:
                _log.exception("the hub of the edges has ended")

    async def _run(self, started: Future[int]) -> None:
        listener = socket.create_server(self._address, backlog=1024)
        with listener:
            listener.setblocking(False)
            loop = asyncio.get_running_loop()
            self._end, self._change = asyncio.Event(), asyncio.Event()
            self._await_others()
            self._loop = loop
            connections = Connections(self._certificates, self._sockets, self._edge)
            accepting = asyncio.create_task(connections.accept(listener))
            started.set_result(listener.getsockname()[1])
            await self._end.wait()
            self._loop = None
            accepting.cancel()
            await asyncio.gather(accepting, return_exceptions=True)
            await connections.close()

    def _edge(self, node: str) -> KnownEdge:
        """The edge of a stream that has come."""
        self._forget()
        if not any(edge.is_leased for edge in self._edges.values()):
            self._await_others()
        edge = self._edges.get(node)
        if edge is None:
            edge = self._edges[node] = KnownEdge(node, self.lease, self._changed)
            if self._offer:
                edge.offer(self._offer)
        return edge

    def _forget(self) -> None:
        for node, edge in tuple(self._edges.items()):
            if not edge.is_leased and edge.silent_for > _REMEMBERED:
                del self._edges[node]

    def _changed(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    def _await_others(self) -> None:
        loop = asyncio.get_running_loop()
        self._all_are_there = loop.time() + self.lease
        loop.call_later(self.lease, self._changed)

    @property
    def _all_came(self) -> bool:
        return asyncio.get_running_loop().time() >= self._all_are_there

    async def _known(self) -> tuple[Edge, ...]:
        self._forget()
        return tuple(self._edges[node].edge() for node in sorted(self._edges))

    async def _offered(self, offer: Offer) -> None:
        if self._offer and self._offer.name == offer.name:
            offer = self._offer
        self._offer = offer
        for edge in self._edges.values():
            edge.offer(offer)

    async def _is_obeyed(self, name: str) -> bool:
        taking_part = [edge for edge in self._edges.values() if edge.takes_part]
        is_offered = self._offer is not None and self._offer.name == name
        if not taking_part and (is_offered or not any(edge.is_leased for edge in self._edges.values())):
            raise PlaneUnavailable(self._nobody())
        return is_offered and all(edge.obeys for edge in taking_part)

    async def _until_obeyed(self, within: float) -> None:
        try:
            left = max(0.0, self._all_are_there - asyncio.get_running_loop().time())
            async with asyncio.timeout(left + within):
                while not self._all_obey():
                    await self._change.wait()
        except TimeoutError:
            raise PlaneUnavailable(self._behind() or self._nobody()) from None

    def _all_obey(self) -> bool:
        """Raises PlaneUnavailable where it makes no sense to wait."""
        taking_part = [edge for edge in self._edges.values() if edge.takes_part]
        failing = [edge for edge in taking_part if edge.fails and not edge.obeys]
        if failing:
            raise PlaneUnavailable("; ".join(f"the edge of {edge.node}: {edge.problem}" for edge in failing))
        if not self._all_came:
            return False
        if not any(edge.is_leased for edge in self._edges.values()):
            raise PlaneUnavailable(self._nobody())
        return bool(taking_part) and all(edge.obeys for edge in taking_part)

    def _nobody(self) -> str:
        """Why no edge takes part."""
        told = [f"{node}: {edge.problem or 'not yet'}" for node, edge in sorted(self._edges.items())]
        return f"no edge serves ({'; '.join(told) or 'none has come'})"

    def _behind(self) -> str:
        """Who does not obey; empty for nobody."""
        behind = [edge for _, edge in sorted(self._edges.items()) if edge.takes_part and not edge.obeys]
        told = [edge.node + (f" ({edge.problem})" if edge.problem else "") for edge in behind]
        return f"these edges do not obey yet: {', '.join(told)}" if told else ""

    async def _answers(self, key: _Key) -> dict[str, Any]:
        task = self._to_ask.get(key)
        if task is None:
            task = self._to_ask[key] = asyncio.create_task(self._put(key, self._asked.get(key)))
        question = await asyncio.shield(task)
        serious = {
            node: reason
            for node, reason in sorted(question.refusals.items())
            if not question.answers or (node in self._edges and self._edges[node].takes_part)
        }
        if serious:
            told = "; ".join(f"the edge of {node}: {reason}" for node, reason in serious.items())
            raise PlaneUnavailable(told)
        if not question.answers:
            raise PlaneUnavailable(self._nobody())
        return question.answers

    async def _put(self, key: _Key, before: asyncio.Task[Question] | None) -> Question:
        """Asks once the equal question before is answered, and then rests for as long as that took. Until then, further
        callers wait for this one: where the answers of many edges are much work, it is not all that is done."""
        loop = asyncio.get_running_loop()
        if before:
            await asyncio.wait({before})
        while (left := max(self._all_are_there, self._rested.get(key[0], 0.0)) - loop.time()) > 0:
            await asyncio.sleep(left)
        task = asyncio.current_task()
        assert task  # noqa: S101 (for the type checker: a coroutine runs in a task)
        self._asked[key] = self._to_ask.pop(key)
        try:
            leased = [edge for edge in self._edges.values() if edge.is_leased]
            question = Question(key[0], dict(key[1]), [edge.node for edge in leased])
            began = loop.time()
            for edge in leased:
                edge.ask(question)
            await question.done.wait()
            if not key[1]:
                self._rested[key[0]] = loop.time() + min(loop.time() - began, _LONGEST_REST)
            return question
        finally:
            if self._asked.get(key) is task:
                del self._asked[key]
