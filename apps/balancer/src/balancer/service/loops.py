"""The loops: the balancer's threads. Each thread repeats one round, from `start` to `stop`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping

from balancer.core.errors import RingmasterError

_log = logging.getLogger(__name__)

_AFTER_ERROR = 1.0
"""Seconds between a round that failed and the next one."""
_END_WITHIN = 5.0
"""Seconds that a stop waits for each loop."""

Round = Callable[[], float]
"""One round of a loop. It returns the seconds until the next round."""


class Loops:
    """`rounds`: thread name → the round that the thread repeats. `before_stop` wakes waiting rounds. `waited_for`: the
    names of the threads whose end `stop` waits for. The others end with the process: they may be waiting for the
    engine."""

    def __init__(
        self, rounds: Mapping[str, Round], *, before_stop: Callable[[], None], waited_for: Collection[str]
    ) -> None:
        self._rounds = rounds
        self._before_stop = before_stop
        self._waited_for = waited_for
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for name, one_round in self._rounds.items():
            thread = threading.Thread(target=self._repeat, args=(name, one_round), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Ends all loops after their running rounds, and waits for some of them."""
        self._stopped.set()
        self._before_stop()
        for thread in self._threads:
            if thread.name in self._waited_for:
                thread.join(_END_WITHIN)

    def _repeat(self, name: str, one_round: Round) -> None:
        """Repeats the round. A defect in one round is logged with its trace and does not end the loop."""
        while not self._stopped.is_set():
            try:
                pause = one_round()
            except RingmasterError as error:
                _log.warning("%s interrupted", name, extra={"reason": str(error)})
                pause = _AFTER_ERROR
            except Exception:
                _log.exception("unforeseen")
                pause = _AFTER_ERROR
            self._stopped.wait(pause)
