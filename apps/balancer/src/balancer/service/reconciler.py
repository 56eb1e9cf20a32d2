"""The level-triggered step: observe everything, let the core decide, act. Any trigger leads here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from balancer.core import names
from balancer.core.backoff import YOUNG, Backoff
from balancer.core.errors import (
    EngineUnavailable,
    InvalidRequest,
    NameTaken,
    PlaneUnavailable,
    StartFailed,
    StateUnavailable,
)
from balancer.core.fleet import Fleet, Server
from balancer.core.lifecycle import State
from balancer.core.plan import Observed, Plan, decide
from balancer.core.ring_profile import RingProfile
from balancer.ports.chance import Chance, Clock
from balancer.ports.runtime import ContainerRuntime
from balancer.service.condition import Condition, Part
from balancer.service.crew import Crew
from balancer.service.desired import DesiredFleet
from balancer.service.heartbeats import Heartbeats
from balancer.service.slow_start import SlowStart

_log = logging.getLogger(__name__)


class Reconciler:
    """`initial` names the first fleet, `profile` is the settings' ring profile; `on_change` is called when a background
    job may call for another step."""

    def __init__(
        self,
        *,
        desired: DesiredFleet,
        crew: Crew,
        runtime: ContainerRuntime,
        heartbeats: Heartbeats,
        condition: Condition,
        chance: Chance,
        clock: Clock,
        initial: tuple[str, ...],
        profile: RingProfile,
        slow_start: SlowStart,
        on_change: Callable[[], None],
    ) -> None:
        self._desired = desired
        self._crew = crew
        self._runtime = runtime
        self._heartbeats = heartbeats
        self._condition = condition
        self._chance = chance
        self._clock = clock
        self._initial = initial
        self._profile = profile
        self._slow_start = slow_start
        self._on_change = on_change
        self._replacing: set[str] = set()
        self._joined_at: dict[int, float] = {}
        self._backoff = Backoff()

    def step(self) -> None:
        """One observation and all that follows from it. What is unavailable is noted and tried at the next step."""
        with self._condition.watch(Part.STATE, StateUnavailable):
            if not self._desired.restored:
                self._restore()
            if self._desired.restored:
                self._advance()
                self._warm_up()
                if self._condition.is_ill(Part.RING):
                    self._obey_settings()
        if self._desired.restored:
            self._synchronise()

    def _restore(self) -> None:
        """After a start: the saved fleet, else what runs under our label, else a new one."""
        with self._condition.watch(Part.ENGINE, EngineUnavailable):
            if self._load():
                self._obey_settings()
            else:
                observed = self._runtime.observe()
                self._desired.change(lambda fleet: self._found(observed) if observed else self._new())
            self._desired.restored = True
            _log.info(
                "fleet restored", extra={"servers": self._desired.fleet.replicas, "N": self._desired.fleet.target}
            )

    def _load(self) -> bool:
        try:
            return self._desired.load()
        except StateUnavailable as error:
            _log.error("state lost, taking up the containers that run", extra={"reason": str(error)})
            return False

    def _obey_settings(self) -> None:
        """A ring profile that the settings name anew replaces the saved one, as soon as it has a place for the fleet
        and unless a user switches first."""
        with self._condition.watch(Part.RING, InvalidRequest):
            self._desired.change(lambda fleet: fleet.configured_as(self._profile).placed())

    def _new(self) -> Fleet:
        return Fleet.first(self._initial, self._profile)

    def _found(self, observed: Mapping[str, Observed]) -> Fleet:
        """The fleet that the containers tell of, in the order of their ring ids."""
        found = sorted(observed.values(), key=lambda container: container.ring_id)
        servers = tuple(Server(item.name, item.ring_id, State.SERVING, item.address) for item in found)
        empty = Fleet.empty(self._profile)
        return replace(empty, servers=servers, target=len(servers), next_ring_id=found[-1].ring_id + 1).placed()

    def _advance(self) -> None:
        known = {server.ring_id for server in self._desired.fleet.servers if server.state is State.SERVING}
        observed = self._observe()
        with self._desired.lock:
            plan = decide(
                self._desired.fleet,
                observed,
                known=known,
                suspects=self._heartbeats.suspects,
                replacing=len(self._replacing),
                in_hand=self._crew.in_hand,
            )
            self._take_down(plan)
        if not self._condition.is_ill(Part.ENGINE):
            self._act(plan)

    def _act(self, plan: Plan) -> None:
        """What needs the engine."""
        self._fence(plan)
        if plan.retire:
            self._crew.take(plan.retire, lambda: self._retire(plan.retire))
        if self._desired.fleet.is_first:
            self._start_first()
        elif self._backoff.may_start(self._clock.now()):
            for _ in range(plan.start):
                self._start_replacement()
        if not self._replacing and not plan.start:
            self._condition.well(Part.FLEET)

    def _observe(self) -> Mapping[str, Observed]:
        """What the engine shows; while it is away, what was last known of the serving servers."""
        try:
            observed = self._runtime.observe()
        except EngineUnavailable as error:
            self._condition.ill(Part.ENGINE, str(error))
            return {
                server.name: Observed(server.name, server.ring_id, running=True, address=server.address)
                for server in self._desired.fleet.servers
            }
        self._condition.well(Part.ENGINE)
        return observed

    def _take_down(self, plan: Plan) -> None:
        for name, reason in plan.failed.items():
            server = self._desired.fleet.server(name)
            _log.warning("server failed", extra={"server": name, "reason": reason})
            if self._clock.now() - self._joined_at.pop(server.ring_id, -YOUNG) < YOUNG:
                self._backoff = self._backoff.failed(self._clock.now())
        if plan.failed or plan.moved:
            self._desired.change(lambda fleet: fleet.fail(plan.failed).moved(plan.moved))
            self._publish()
        self._desired.change(lambda fleet: fleet.abandon(plan.abandon))

    def _warm_up(self) -> None:
        with self._desired.lock:
            ramps = self._slow_start.due(self._desired.fleet)
            if ramps:
                self._desired.change(lambda fleet: fleet.warmed(ramps))
                self._publish()

    def _fence(self, plan: Plan) -> None:
        """Ends what must not answer any more: failed servers, hung ones too, and orphans. Only after the ring."""
        for name in plan.fence:
            _log.info("container removed", extra={"server": name})
        if plan.fence:
            self._crew.take(plan.fence, lambda: self._crew.kill(plan.fence))

    def _retire(self, leaving: tuple[str, ...]) -> None:
        with self._condition.watch(Part.ENGINE, EngineUnavailable):
            self._crew.retire(leaving)
            self._desired.change(lambda fleet: fleet.stopped(leaving))

    def _start_first(self) -> None:
        """Starts the first fleet, all of it or nothing; what fails is tried again with the same names and ids."""
        first = self._desired.fleet
        ring_ids = {server.name: server.ring_id for server in first.servers}
        if self._replacing or not self._backoff.may_start(self._clock.now()):
            return
        self._replacing.update(ring_ids)
        self._crew.take(ring_ids, lambda: self._fill(ring_ids))

    def _start_replacement(self) -> None:
        with self._desired.lock:
            fleet = self._desired.fleet
            taken = {*(server.name for server in fleet.servers), *self._crew.in_hand}
            name = names.generate(taken, self._chance.choice)
            weight = fleet.weight_of_replacement(self._replacing)
            ramp = self._slow_start.first_ramp
            fleet = self._desired.change(lambda fleet: fleet.begin_join([name], weight=weight, ramp=ramp))
            ring_id = fleet.server(name).ring_id
        self._replacing.add(name)
        self._crew.take([name], lambda: self._fill({name: ring_id}))

    def _fill(self, ring_ids: dict[str, int]) -> None:
        """Brings joining servers onto the ring in the place of others; where it fails a later step abandons them."""
        began = self._clock.now()
        try:
            addresses = self._crew.bring_up(ring_ids)
            with self._desired.lock:
                self._desired.change(lambda fleet: fleet.fill(addresses))
                self._publish()
                self._joined_at |= dict.fromkeys(ring_ids.values(), self._clock.now())
            _log.info(
                "server joined", extra={"servers": list(ring_ids), "seconds": round(self._clock.now() - began, 3)}
            )
        except (StartFailed, NameTaken, EngineUnavailable, StateUnavailable, InvalidRequest) as error:
            self._condition.ill(Part.FLEET, str(error))
            self._backoff = self._backoff.failed(self._clock.now())
            _log.warning("start failed", extra={"reason": str(error), "pause": self._backoff.delay})
            self._crew.kill(ring_ids)
        finally:
            self._replacing.difference_update(ring_ids)
            self._on_change()

    def _publish(self) -> None:
        with self._condition.watch(Part.PLANE, PlaneUnavailable):
            self._desired.publish()

    def _synchronise(self) -> None:
        """Whoever restarted or reconfigured the data plane, it obeys the present fleet again."""
        with self._condition.watch(Part.PLANE, PlaneUnavailable):
            if not self._desired.is_published():
                self._desired.publish()
