"""Heartbeats over HTTP: a GET of the heartbeat path, which has to be answered with 200 in time."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from math import inf
from selectors import EVENT_READ, EVENT_WRITE, PollSelector

from balancer.adapters.system import SystemClock
from balancer.core.heartbeat_timeout import HeartbeatTimeout
from balancer.ports.clock import Clock

_WELL = re.compile(rb"HTTP/1\.[01] 200[ \r\n]")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_LONGEST_HEAD = 65536
_HELD_UP = 0.1
"""Seconds. When this process comes later than this after a deadline, it was itself held up: no server has failed."""


@dataclass(eq=False, slots=True)
class _Heartbeat:
    number: int
    connection: socket.socket
    request: bytes
    sent: float
    head: bytes = b""

    def send(self) -> None:
        self.connection.sendall(self.request)

    def receive(self) -> bool | None:
        """Whether the answer is 200; None while the head of the answer is incomplete."""
        part = self.connection.recv(4096)
        self.head += part
        if part and len(self.head) < _LONGEST_HEAD and not _END_OF_HEAD.search(self.head):
            return None
        return _WELL.match(self.head) is not None


class HttpProbes:
    """Heartbeats to `path`. `timeout` says how long the head of the answer may take, connecting included.

    One thread polls all heartbeats. This costs less than half of a thread for each heartbeat, and a hanging heartbeat
    delays no other. A heartbeat is missed only when its socket is empty after its deadline. When this process was
    itself held up, the deadlines of all running heartbeats begin again.
    """

    def __init__(self, *, path: str, timeout: HeartbeatTimeout, clock: Clock) -> None:
        self._path = path
        self._timeout = timeout
        self._clock = clock
        self._selector = PollSelector()
        self._under_way: dict[int, _Heartbeat] = {}
        """The running heartbeats by number, in the order of sending."""
        self._failed_at_once: list[int] = []

    def send(self, number: int, address: str) -> None:
        host, _, port = address.rpartition(":")
        request = f"GET {self._path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: ringmaster\r\nConnection: close\r\n\r\n"
        connection = socket.socket()
        connection.setblocking(False)
        try:
            with suppress(BlockingIOError):
                connection.connect((host, int(port)))
        except (OSError, ValueError):
            connection.close()
            self._failed_at_once.append(number)
            return
        heartbeat = _Heartbeat(number, connection, request.encode(), self._clock.now())
        self._under_way[number] = heartbeat
        self._selector.register(connection, EVENT_WRITE, heartbeat)

    def ended(self, *, within: float) -> list[tuple[int, bool]]:
        now = self._clock.now()
        first = next(iter(self._under_way.values()), None)
        left = self._timeout.deadline(first.sent) - now if first else inf
        if left < -_HELD_UP:
            left = 0.0
            for heartbeat in self._under_way.values():
                heartbeat.sent = now
        results = [(number, False) for number in self._failed_at_once]
        self._failed_at_once.clear()
        for key, _ in self._selector.select(0 if results else max(0.0, min(within, left))):
            heartbeat = key.data
            alive = self._go_on(heartbeat)
            if alive is not None:
                results.append(self._end(heartbeat, alive=alive))
        late = list(takewhile(lambda item: self._timeout.deadline(item.sent) <= now, self._under_way.values()))
        return results + [self._end(heartbeat, alive=False) for heartbeat in late]

    def _go_on(self, heartbeat: _Heartbeat) -> bool | None:
        """Sends the request or receives the answer, as the socket is ready. Returns whether 200 came; None while the
        heartbeat goes on."""
        try:
            if self._selector.get_key(heartbeat.connection).events == EVENT_READ:
                return heartbeat.receive()
            heartbeat.send()
        except OSError:
            return False
        self._selector.modify(heartbeat.connection, EVENT_READ, heartbeat)
        return None

    def _end(self, heartbeat: _Heartbeat, *, alive: bool) -> tuple[int, bool]:
        self._selector.unregister(heartbeat.connection)
        heartbeat.connection.close()
        del self._under_way[heartbeat.number]
        if alive:
            self._timeout = self._timeout.after_answer(heartbeat.sent, self._clock.now())
        return heartbeat.number, alive


class HttpProbe:
    """One heartbeat, for which the caller waits. Any number of threads may call it at once."""

    def __init__(self, *, path: str, timeout: float) -> None:
        self._path = path
        self._timeout = timeout

    def alive(self, address: str) -> bool:
        probes = HttpProbes(
            path=self._path, timeout=HeartbeatTimeout(timeout=self._timeout, most=1), clock=SystemClock()
        )
        try:
            probes.send(0, address)
        except OSError:
            return False
        while not (results := probes.ended(within=self._timeout)):
            pass
        return results[0][1]
