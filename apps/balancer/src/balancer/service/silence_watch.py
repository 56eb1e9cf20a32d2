"""The silence watch: it looks at silent servers, at what the data plane counts of them and what the engine says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from balancer.core.activity import IDLE, Activity
from balancer.core.errors import EngineUnavailable, PlaneUnavailable
from balancer.core.fleet import Fleet, Server
from balancer.core.lifecycle import State
from balancer.core.observed import Observed
from balancer.core.silence import Identity, Silence, Silences
from balancer.ports.clock import Clock
from balancer.ports.data_plane import DataPlane
from balancer.ports.local_engine import LocalEngine
from balancer.service.activity_reader import ActivityReader
from balancer.service.heartbeats import Heartbeats

_log = logging.getLogger(__name__)

_ASKED_EVERY = 1.0
"""Seconds between two questions to the engine about the process of one silent server."""

_ASKING = 0.5
"""Seconds after which one look asks the engine about no further server: the next look asks about those. Of many silent
servers, or on a slow engine, all questions together would hold the step up for long."""

_CLOSING = 0.2
"""Seconds after which one step closes the idle connections of no further server: it holds the lock of the fleet."""

_LAST_ANSWER = 2.0
"""Seconds, but half of the hang timeout at most. Where the last answer came longer ago when a silence is noticed, the
balancer itself was held up, or heartbeats are rare: nobody counts as hung before it was looked at."""

_PATIENCE = 0.5
"""Seconds that the edges of several hosts have to say what their servers do."""

_REMEMBERED = 10.0
"""Seconds for which it is remembered how many requests were given up."""

_UNKNOWN = Activity(in_flight=1)
"""Stands for an activity that the plane does not tell: only a server of which the plane says so has nothing to do."""


class SilenceWatch:
    """`hang_timeout`: in seconds. `local`: None where nobody can say whether a process is
    stopped. One thread looks; any thread may ask for `finished`."""

    def __init__(
        self,
        *,
        heartbeats: Heartbeats,
        plane: DataPlane,
        local: LocalEngine | None,
        clock: Clock,
        hang_timeout: float,
    ) -> None:
        self.hang_timeout = hang_timeout
        self._last_answer = min(_LAST_ANSWER, hang_timeout / 2)
        self._heartbeats = heartbeats
        self._plane = plane
        self._local = local
        self._activity = ActivityReader(plane, within=None if local else _PATIENCE)
        self._clock = clock
        self._silences: dict[Identity, Silence] = {}
        self._asked_at: dict[Identity, float] = {}
        self._stopped: frozenset[Identity] = frozenset()
        self._given_up: list[tuple[float, Mapping[str, int]]] = []
        """time → instance → how many requests were given up until then, the oldest first."""
        self.finished: frozenset[str] = frozenset()
        """The instances of leaving servers that cannot finish what they have: they are paused, stopped by a signal, or
        gave no sign of life for the hang timeout."""

    def look(self, fleet: Fleet, observed: Mapping[str, Observed]) -> Silences:
        """Looks at all silent servers of the fleet, and says what is known of them."""
        silent = self._heartbeats.silent
        servers = [server for server in fleet.servers if server.identity in silent or server.state is State.SILENT]
        self._look_at(servers, silent)
        self._stopped = self._ask_for_stopped([server for server in servers if server.identity in silent])
        silences = self._known(silent & self._heartbeats.silent)  # Meanwhile one may have answered.
        cannot_finish = silences.lifeless | silences.stopped
        self.finished = frozenset(
            server.instance
            for server in fleet.of(State.LEAVING)
            if server.identity in cannot_finish or _is_paused(server, observed)
        )
        return silences

    def close_idle(self, fleet: Fleet) -> None:
        """Closes what the plane keeps idle at silent servers, where that is to be done. Where the plane does not
        answer, or many are silent, a later call goes on. The caller holds the lock of the desired fleet."""
        began = self._clock.now()
        for server in fleet.servers:
            silence = self._silences.get(server.identity)
            if silence is None or silence.closed_after is not None:
                continue
            if self._clock.now() - began >= _CLOSING:
                return
            newest = self._heartbeats.newest
            try:
                self._plane.close_idle(server.instance)
            except PlaneUnavailable as error:
                _log.warning("idle connections not closed yet", extra={"server": server.instance, "reason": str(error)})
                return
            self._silences[server.identity] = silence.closed(newest)

    @property
    def alive_at(self) -> Mapping[Identity, float]:
        """When each server that was silent at the last look gave its last sign of life."""
        return {identity: silence.alive_at for identity, silence in self._silences.items()}

    def silence(self, server: Server) -> Silence | None:
        """What is known of a server that is silent, or was at the last look."""
        return self._silences.get(server.identity)

    def _look_at(self, servers: list[Server], silent: frozenset[Identity]) -> None:
        activity = self._activity.read()
        now = self._clock.now()
        silences: dict[Identity, Silence] = {}
        for server in servers:
            answered_at = self._heartbeats.answered_at(server.identity)
            known = self._silences.get(server.identity)
            if known is not None and server.identity in silent and answered_at > known.since:
                known = None  # It answered since the last look: this is another silence.
            present = _UNKNOWN if activity is None else activity.get(server.instance, IDLE)
            before = replace(present, given_up=self._given_up_at(answered_at, server, present))
            silence = known or Silence(since=now, alive_at=now - self._last_answer, activity=before)
            if activity is not None:
                silence = silence.looked_at(now, present, is_fed=server.state is State.SERVING)
            silences[server.identity] = silence.answered(answered_at)
        self._silences = silences
        self._remember(now, activity)

    def _remember(self, now: float, activity: Mapping[str, Activity] | None) -> None:
        """Keeps how many requests were given up until now. Where a server is silent soon, it may work on those."""
        if activity is not None:
            given_up = {instance: each.given_up for instance, each in activity.items()}
            self._given_up = [*((at, seen) for at, seen in self._given_up if now - at < _REMEMBERED), (now, given_up)]

    def _given_up_at(self, time: float, server: Server, present: Activity) -> int:
        """How many requests of the server had been given up at that time, or at the earliest one that is known."""
        known = [seen for at, seen in self._given_up if at <= time][-1:] or [seen for _, seen in self._given_up[:1]]
        return known[0].get(server.instance, 0) if known else present.given_up

    def _ask_for_stopped(self, servers: list[Server]) -> frozenset[Identity]:
        """The servers whose first process is stopped by a signal. The engine is asked about each at most once in a
        second, about the one first that waits longest. Where it does not answer, or where there are several hosts,
        nothing is known."""
        if self._local is None:
            return frozenset()
        now = self._clock.now()
        stopped: set[Identity] = set()
        asked_at: dict[Identity, float] = {}
        for server in sorted(servers, key=lambda server: self._asked_at.get(server.identity, now - _ASKED_EVERY)):
            identity = server.identity
            asked_at[identity] = self._asked_at.get(identity, now - _ASKED_EVERY)
            if now - asked_at[identity] < _ASKED_EVERY or self._clock.now() - now >= _ASKING:
                stopped |= self._stopped & {identity}
                continue
            asked_at[identity] = now
            try:
                stopped |= {identity} if self._local.is_stopped(server.instance) else set()
            except EngineUnavailable:
                continue
        self._asked_at = asked_at
        return frozenset(stopped)

    def _known(self, silent: frozenset[Identity]) -> Silences:
        now = self._clock.now()
        missing = {identity: silence for identity, silence in self._silences.items() if identity in silent}
        return Silences(
            silent=silent,
            answering=self._heartbeats.answering,
            hung=frozenset(
                identity
                for identity, silence in missing.items()
                if silence.is_hung(
                    self._heartbeats.missed(identity),
                    now,
                    strikes=self._heartbeats.strikes,
                    hang_timeout=self.hang_timeout,
                )
            ),
            lifeless=frozenset(
                identity
                for identity, silence in missing.items()
                if silence.is_lifeless(now, hang_timeout=self.hang_timeout)
            ),
            stopped=self._stopped,
        )


def _is_paused(server: Server, observed: Mapping[str, Observed]) -> bool:
    container = observed.get(server.instance)
    return container is not None and container.identity == server.identity and container.paused
