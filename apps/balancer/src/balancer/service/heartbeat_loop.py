"""The heartbeat loop: it sends heartbeats when they are due, and calls for a step where a server is silent or back."""

from __future__ import annotations

import threading
from collections import deque

from balancer.core.fleet import Fleet, Server
from balancer.core.heartbeat import Heartbeat
from balancer.core.lifecycle import State
from balancer.core.plan import READY
from balancer.core.silence import Identity
from balancer.ports.clock import Clock
from balancer.service.desired import DesiredFleet
from balancer.service.heartbeats import Heartbeats

WATCHED = (*READY, State.LEAVING)
"""The states of the servers that get heartbeats."""

_LONGEST_WAIT = 1.0
"""The longest time, in seconds, that one round waits for results, so that a stop does not wait longer."""

_AT_ONCE = 64
"""More servers than these are not asked all at once: a burst of connections would hold up everything else."""
_PARTS = 16
"""Then they are asked in so many parts, one after another within the interval."""

_EASY = 500
"""So many servers are asked every interval. With more of them the interval grows, so that not more are asked in a
second: each heartbeat is a connection, and most of what it costs is the kernel's."""
_DOUBT = 0.04
"""Seconds. Where the interval has grown, a server that has not answered after this time gets its next heartbeat at
once. So a hang is found as soon as with the short interval."""


def grown(interval: float, servers: int, *, strikes: int) -> float:
    """The interval for so many servers. It grows so far that the last of `strikes` heartbeats, of which all but the
    first come after a doubt, is sent no later after a hang than with the given interval."""
    longest = strikes * interval - (strikes - 1) * _DOUBT
    return max(interval, min(longest, interval * servers / _EASY))


class HeartbeatLoop:
    """`interval`: seconds between two heartbeats of a server, where there are not very many. `wake` is set when there
    is news of a silent server."""

    def __init__(
        self,
        *,
        heartbeats: Heartbeats,
        desired: DesiredFleet,
        clock: Clock,
        interval: float,
        wake: threading.Event,
    ) -> None:
        self._heartbeats = heartbeats
        self._desired = desired
        self._clock = clock
        self._interval = interval
        self._wake = wake
        self._next = clock.now()
        self._fleet: Fleet | None = None
        self._parts: list[tuple[Server, ...]] = [()]
        self._asked: dict[Identity, Heartbeat] = {}
        self._part = 0
        self._step = interval
        self._has_grown = False
        self._doubts: deque[tuple[float, tuple[Server, ...]]] = deque()
        """When those who have not answered until then get another heartbeat."""

    def round(self) -> float:
        """Sends heartbeats when they are due, and takes in results. Returns the seconds until the next round."""
        now = self._clock.now()
        if now >= self._next:
            self._watch(self._desired.fleet)
            self._send(now)
        while self._doubts and now >= self._doubts[0][0]:
            servers = [server for server in self._doubts.popleft()[1] if server.identity in self._asked]
            self._heartbeats.send(self._heartbeats.owing(servers), self._heartbeat_of)
        due = min(self._next, self._doubts[0][0] if self._doubts else self._next)
        is_few = len(self._parts) == 1
        if self._heartbeats.listen(within=min(_LONGEST_WAIT, self._until(due)) if is_few else 0.0):
            self._wake.set()
        # Of many servers the answers are taken in together, once in each part of the interval: a thread that woke up
        # for each of them would take the interpreter from all others thousands of times a second.
        return 0.0 if is_few else self._until(due)

    def _until(self, due: float) -> float:
        return max(0.0, due - self._clock.now())

    def _watch(self, fleet: Fleet) -> None:
        """A server stays in its part while others come and go."""
        if fleet is self._fleet:
            return
        self._fleet = fleet
        servers = fleet.of(*WATCHED)
        self._asked = {server.identity: fleet.heartbeat_of(server) for server in servers}
        count = 1 if len(servers) <= _AT_ONCE else _PARTS
        self._parts = [tuple(server for server in servers if server.ring_id % count == part) for part in range(count)]
        interval = grown(self._interval, len(servers), strikes=self._heartbeats.strikes)
        self._has_grown = interval > self._interval
        self._step = interval / count
        self._heartbeats.watch(servers)

    def _send(self, now: float) -> None:
        """Sends to the next part. Where this comes late, the parts after it are late, too."""
        self._part = (self._part + 1) % len(self._parts)
        self._next = max(self._next + self._step, now)
        servers = self._parts[self._part]
        self._heartbeats.send(servers, self._heartbeat_of)
        if self._has_grown:
            self._doubts.append((now + _DOUBT, servers))

    def _heartbeat_of(self, server: Server) -> Heartbeat:
        return self._asked[server.identity]
