"""Heartbeats over HTTP, many at a time: each has to be answered well and in time."""

from __future__ import annotations

from itertools import takewhile
from math import inf
from select import EPOLLIN, EPOLLOUT, epoll
from selectors import EVENT_READ, EVENT_WRITE, PollSelector

from balancer.adapters.http_heartbeat import HttpHeartbeat
from balancer.adapters.system import SystemClock
from balancer.core.heartbeat import Heartbeat
from balancer.core.heartbeat_timeout import HeartbeatTimeout
from balancer.ports.clock import Clock

_HELD_UP = 0.1
"""Seconds. When this process comes later than this after a deadline, it was itself held up: no server has failed."""
_LEAVES_WITHIN = 0.2
"""Seconds that a server has to close the connection after its answer. After them it is closed here."""
_LISTENS_ON = 2.0
"""Seconds that a single heartbeat listens on after its timeout, where it is connected, to tell a late answer from
none."""


class HttpProbes:
    """`timeout` says how long the head of an answer may take, connecting included.

    One thread polls all heartbeats, each of which costs little more than the kernel's work for its connection. A
    hanging heartbeat delays no other. A heartbeat is missed only when its socket is empty after its deadline. When this
    process was itself held up, the deadlines of all running heartbeats begin again.
    """

    def __init__(self, *, timeout: HeartbeatTimeout, clock: Clock) -> None:
        self._timeout = timeout
        self._clock = clock
        self._poll = epoll()
        self._polled: dict[int, HttpHeartbeat] = {}
        """The running heartbeats by the number of their connection's file."""
        self._under_way: dict[float, dict[int, HttpHeartbeat]] = {}
        """The running heartbeats by timeout and number. Those of one timeout are in the order of their deadlines."""
        self._leaving: dict[int, tuple[HttpHeartbeat, float]] = {}
        """Answered heartbeats whose server has not closed the connection yet, and when they were answered, by the
        number of the connection's file."""
        self._failed_at_once: list[int] = []

    def __del__(self) -> None:
        """Closes what the servers have not closed yet."""
        for heartbeat, _ in self._leaving.values():
            heartbeat.connection.close()

    def send(self, number: int, address: str, heartbeat: Heartbeat) -> None:
        running = HttpHeartbeat(number, address, heartbeat, self._clock.now())
        try:
            running.connect()
        except (OSError, ValueError):
            self._failed_at_once.append(number)
            return
        self._under_way.setdefault(heartbeat.timeout, {})[number] = running
        file = running.connection.fileno()
        self._polled[file] = running
        self._poll.register(file, EPOLLIN if running.is_asked else EPOLLOUT)

    def ended(self, *, within: float) -> list[tuple[int, bool]]:
        now = self._clock.now()
        left = self._left(now)
        if left < -_HELD_UP:
            left = 0.0
            for running in self._under_way.values():
                for heartbeat in running.values():
                    heartbeat.sent = now
        results = [(number, False) for number in self._failed_at_once]
        self._failed_at_once.clear()
        for file, _ in self._poll.poll(0 if results else max(0.0, min(within, left))):
            if file in self._leaving:
                if self._leaving[file][0].leave():
                    del self._leaving[file]
                continue
            heartbeat = self._polled[file]
            alive = self._go_on(heartbeat)
            if alive is not None:
                results.append(self._end(heartbeat, alive=alive))
        self._close_late(now)
        return results + [self._end(heartbeat, alive=False) for heartbeat in self._late(now)]

    def _left(self, now: float) -> float:
        """Seconds to the next deadline."""
        firsts = [next(iter(running.values())) for running in self._under_way.values() if running]
        return min((self._deadline(first) for first in firsts), default=inf) - now

    def _late(self, now: float) -> list[HttpHeartbeat]:
        late: list[HttpHeartbeat] = []
        for running in self._under_way.values():
            late += takewhile(lambda heartbeat: self._deadline(heartbeat) <= now, running.values())
        return late

    def _deadline(self, running: HttpHeartbeat) -> float:
        return self._timeout.deadline(running.sent, running.heartbeat.timeout)

    def _go_on(self, heartbeat: HttpHeartbeat) -> bool | None:
        """Sends the request or receives the answer, as the socket is ready. Returns whether the answer is good; None
        while the heartbeat goes on."""
        try:
            if heartbeat.is_asked:
                return heartbeat.is_good if heartbeat.receive() else None
            heartbeat.send()
        except OSError:
            return False
        self._poll.modify(heartbeat.connection, EPOLLIN)
        return None

    def _close_late(self, now: float) -> None:
        while self._leaving:
            file, (heartbeat, answered) = next(iter(self._leaving.items()))
            if now - answered < _LEAVES_WITHIN:
                return
            del self._leaving[file]
            heartbeat.connection.close()

    def _end(self, heartbeat: HttpHeartbeat, *, alive: bool) -> tuple[int, bool]:
        file = heartbeat.connection.fileno()
        del self._polled[file]
        if not alive:
            heartbeat.connection.close()  # The kernel forgets it for the poll, too.
        elif not heartbeat.leave():
            self._leaving[file] = (heartbeat, self._clock.now())
        running = self._under_way[heartbeat.heartbeat.timeout]
        del running[heartbeat.number]
        if not running:
            del self._under_way[heartbeat.heartbeat.timeout]
        if alive:
            self._timeout = self._timeout.after_answer(heartbeat.sent, self._clock.now())
        return heartbeat.number, alive


class HttpProbe:
    """One heartbeat, for which the caller waits. Any number of threads may call it at once."""

    def look(self, address: str, heartbeat: Heartbeat) -> str:
        if not address:
            return "it has no address on its network"
        clock = SystemClock()
        try:
            running = HttpHeartbeat(0, address, heartbeat, clock.now())
            running.connect()
            with running.connection, PollSelector() as selector:
                selector.register(running.connection, EVENT_WRITE)
                return _seen(running, selector, clock)
        except (OSError, ValueError) as error:
            return (getattr(error, "strerror", None) or str(error)).lower()


def _seen(running: HttpHeartbeat, selector: PollSelector, clock: Clock) -> str:
    """What the probe sees; empty for a good answer in time. Raises OSError."""
    allowed = running.heartbeat.timeout
    if not selector.select(running.sent + allowed - clock.now()):
        return f"no connection within {allowed:g} s"
    if not running.is_asked:
        running.send()
    end = running.sent + allowed + _LISTENS_ON
    selector.modify(running.connection, EVENT_READ)
    while (left := end - clock.now()) > 0:
        if selector.select(left) and running.receive():
            seconds = clock.now() - running.sent
            if seconds > allowed:
                return f"{running.seen} after {seconds:.2g} s, allowed {allowed:g} s"
            return "" if running.is_good else running.seen
    return f"no answer within {allowed:g} s"
