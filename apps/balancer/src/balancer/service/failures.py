"""Failures of servers: when and why each failed, and how long the next start waits after early failures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from balancer.core import roll
from balancer.core.backoff import EARLY, Backoff
from balancer.core.cause import Cause, cause_of
from balancer.core.event import EventKind
from balancer.core.fleet import COUNTED, Fleet, Server
from balancer.core.lifecycle import State
from balancer.core.silence import Identity
from balancer.ports.clock import Clock
from balancer.service.event_log import EventLog


@dataclass(frozen=True, slots=True)
class Failure:
    """`at`: the time of the failure, in seconds of the clock."""

    at: float
    reason: str
    is_early: bool


class Failures:
    """The caller holds the lock of the desired fleet."""

    def __init__(self, *, clock: Clock, events: EventLog) -> None:
        self._clock = clock
        self._events = events
        self._joined_at: dict[tuple[int, int], float] = {}
        self._failures: dict[tuple[int, int], Failure] = {}
        self._silent: Mapping[Identity, float] = {}
        self._backoff = Backoff()

    @property
    def delay(self) -> float:
        """Seconds that the next start waits after the latest early failure."""
        return self._backoff.delay

    @property
    def may_start(self) -> bool:
        return self._backoff.may_start(self._clock.now())

    def forget_early_ones(self) -> None:
        """Forgets the early failures: those of an older release say nothing about the next release."""
        self._backoff = Backoff()

    def joined(self, servers: Collection[Server], fleet: Fleet) -> None:
        """Notes that the servers are ready from now on. Servers that are not in the fleet any more are forgotten."""
        present = {server.identity for server in fleet.servers}
        known = {identity: at for identity, at in self._joined_at.items() if identity in present}
        self._joined_at = known | dict.fromkeys((server.identity for server in servers), self._clock.now())

    def keep(self, identities: Collection[tuple[int, int]]) -> None:
        """Forgets all failures but those of these servers: the others are replaced, removed, or well after all."""
        self._failures = {key: failure for key, failure in self._failures.items() if key in identities}

    def doubt(self, silent: Mapping[Identity, float]) -> None:
        """Notes which servers are silent now, and when each gave its last sign of life. They may have failed."""
        self._silent = silent

    def start_failed(self) -> None:
        self._backoff = self._backoff.failed(self._clock.now())

    def failed(self, server: Server, reason: str, *, alive_at: float | None = None) -> bool:
        """Notes that a ready server has failed. Returns whether it failed early. Early failures make new starts wait.
        `alive_at`: when a silent server gave its last sign of life. That it hangs is found long after. A server that is
        lost with its node says nothing of its release: it has not failed early.

        Only the first call for a server counts: a failure is found again as long as it cannot be saved."""
        if server.identity in self._failures:
            return self._failures[server.identity].is_early
        now = self._clock.now()
        failed_at = now if alive_at is None else alive_at
        is_new = failed_at - self._joined_at.pop(server.identity, -EARLY) < EARLY
        is_early = is_new and cause_of(reason) is not Cause.NODE
        if server.state in COUNTED:
            self._failures[server.identity] = Failure(now, f"{server.hostname} failed: {reason}", is_early)
        if is_early:
            self._backoff = self._backoff.failed(now)
        return is_early

    def are_unsaved(self, fleet: Fleet) -> bool:
        """Whether a server of this fleet has failed and is not down in it: the volume did not take the failure. Or a
        deploy may have to go back for a server that is silent: that it hangs is found long after its failure."""
        return any(
            server.identity in self._failures or (roll.is_new(fleet, server) and self._may_have_failed_early(server))
            for server in fleet.of(*COUNTED)
        )

    def _may_have_failed_early(self, server: Server) -> bool:
        alive_at = self._silent.get(server.identity)
        return alive_at is not None and alive_at - self._joined_at.get(server.identity, -EARLY) < EARLY

    def replaced(self, before: Fleet, fleet: Fleet) -> None:
        """Records the servers that were down in the fleet `before` and are replaced in `fleet`."""
        kept = {server.identity for server in fleet.servers}
        for server in before.of(State.DOWN):
            failure = None if server.identity in kept else self._failures.pop(server.identity, None)
            if failure is not None:
                self._events.record(
                    EventKind.REPLACED,
                    server=server.hostname,
                    instance=server.instance,
                    reason=failure.reason,
                    seconds=self._clock.now() - failure.at,
                )
