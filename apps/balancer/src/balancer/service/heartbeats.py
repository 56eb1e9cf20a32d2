"""Watches the heartbeats of all serving servers and knows which of them missed too many."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from balancer.core.fleet import Server
from balancer.core.heartbeat import HeartbeatPolicy, Pulse
from balancer.ports.probe import Probe


class Heartbeats:
    """Servers are told apart by their ring ids. `size`: how many are probed at once."""

    def __init__(self, *, probe: Probe, policy: HeartbeatPolicy, size: int) -> None:
        self._probe = probe
        self._policy = policy
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="heartbeat")
        self._pulses: dict[int, Pulse] = {}
        self._lock = threading.Lock()

    def beat(self, servers: Iterable[Server]) -> bool:
        """One heartbeat of each server, all at once; True when one of them has just missed too many.

        Forgets servers that are not among `servers`.
        """
        before = self.suspects
        watched = list(servers)
        answers = dict(
            zip(
                (server.ring_id for server in watched),
                self._pool.map(self._probe.alive, (server.address for server in watched)),
                strict=True,
            )
        )
        with self._lock:
            self._pulses = {
                ring_id: self._pulses.get(ring_id, Pulse()).beat(alive=alive) for ring_id, alive in answers.items()
            }
        return bool(self.suspects - before)

    @property
    def suspects(self) -> frozenset[int]:
        with self._lock:
            return frozenset(ring_id for ring_id, pulse in self._pulses.items() if pulse.has_failed(self._policy))
