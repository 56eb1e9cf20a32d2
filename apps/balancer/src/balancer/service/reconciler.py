"""The level-triggered step: observe everything, let the core decide, act. Any trigger leads here."""

from __future__ import annotations

from collections.abc import Mapping

from balancer.core import roll
from balancer.core.errors import EngineUnavailable, PlaneUnavailable, StateUnavailable
from balancer.core.event import Kind
from balancer.core.fleet import Fleet, Server
from balancer.core.lifecycle import State
from balancer.core.plan import Observed, Plan, decide
from balancer.core.routes import hostname
from balancer.ports.runtime import ContainerRuntime
from balancer.service.condition import Condition, Part
from balancer.service.crew import Crew
from balancer.service.desired import DesiredFleet
from balancer.service.events import Events
from balancer.service.heartbeats import Heartbeats
from balancer.service.restorer import Restorer
from balancer.service.slow_start import SlowStart
from balancer.service.starter import Starter

_TAKEN_UP = "a removal that somebody had begun"


class Reconciler:
    """`spares` is how many ready servers to keep off the ring."""

    def __init__(
        self,
        *,
        desired: DesiredFleet,
        crew: Crew,
        runtime: ContainerRuntime,
        heartbeats: Heartbeats,
        condition: Condition,
        events: Events,
        restorer: Restorer,
        starter: Starter,
        slow_start: SlowStart,
        spares: int,
    ) -> None:
        self._desired = desired
        self._crew = crew
        self._runtime = runtime
        self._heartbeats = heartbeats
        self._condition = condition
        self._events = events
        self._restorer = restorer
        self._starter = starter
        self._slow_start = slow_start
        self._spares = spares

    def step(self) -> None:
        """One observation and all that follows from it. What is unavailable is noted and tried at the next step."""
        with self._condition.watch(Part.STATE, StateUnavailable):
            if not self._desired.restored:
                with self._condition.watch(Part.ENGINE, EngineUnavailable):
                    self._restorer.restore()
            if self._desired.restored:
                self._advance()
                self._warm_up()
                if self._condition.is_ill(Part.RING):
                    self._restorer.obey_settings()
        if self._desired.restored:
            with self._condition.watch(Part.PLANE, PlaneUnavailable):
                self._desired.synchronise()

    def _advance(self) -> None:
        known = {server.identity for server in self._desired.fleet.of(State.SERVING, State.SPARE)}
        observed = self._observe()
        with self._desired.lock:
            plan = decide(
                self._desired.fleet,
                observed,
                known=known,
                suspects=self._heartbeats.suspects,
                starting=self._starter.starting,
                in_hand=self._crew.in_hand,
                spares=self._spares,
            )
            self._obey(plan)
            if self._condition.is_ill(Part.ENGINE):
                return
            self._act(plan)
        for instance, name in plan.rename.items():
            self._crew.rename(instance, name)

    def _observe(self) -> Mapping[str, Observed]:
        """What the engine shows; while it is away, what was last known of the servers."""
        try:
            observed = self._runtime.observe()
        except EngineUnavailable as error:
            self._condition.ill(Part.ENGINE, str(error))
            return {
                server.instance: Observed(
                    server.instance, server.ring_id, running=True, address=server.address, release=server.release
                )
                for server in self._desired.fleet.servers
            }
        self._condition.well(Part.ENGINE)
        return observed

    def _obey(self, plan: Plan) -> None:
        """What changes the fleet itself: failed servers leave the ring and spares take their places in one go. What the
        volume does not take has not happened, and is not told of: the next step finds it again."""
        if plan.failed or plan.moved or plan.promote:
            before = self._desired.fleet
            failed = {before.server(instance): reason for instance, reason in plan.failed.items()}
            young = [server for server, reason in failed.items() if self._starter.died(server, reason)]
            ramp = self._slow_start.first_ramp
            self._desired.change(
                lambda fleet: (
                    _judged(fleet, {server: failed[server] for server in young})
                    .fail(plan.failed)
                    .moved(plan.moved)
                    .promoted(plan.promote, ramp=ramp)
                )
            )
            for server, reason in failed.items():
                self._events.record(Kind.FAILED, server=server.name, reason=reason, state=server.state)
            self._publish()
            self._starter.promoted(before.fail(plan.failed), plan.promote)
        self._desired.change(lambda fleet: fleet.abandon(plan.abandon).dismiss(plan.dismiss))

    def _act(self, plan: Plan) -> None:
        """What needs the engine, begun under the lock: what goes is in hand before anybody can begin it anew. Fencing
        ends what must not answer any more, hung servers and orphans, and comes only after the ring."""
        if plan.fence:
            for instance in plan.fence:
                self._events.record(Kind.FENCED, server=hostname(instance), container=instance)
            self._crew.take(plan.fence, lambda: self._crew.kill(plan.fence))
        if plan.retire:
            self._crew.take(plan.retire, lambda: self._retire(plan.retire))
        self._starter.start(plan.start)
        if not self._starter.starting and not plan.start:
            self._condition.well(Part.FLEET)

    def _retire(self, leaving: tuple[str, ...]) -> None:
        with self._condition.watch(Part.ENGINE, EngineUnavailable):
            self._crew.retire(leaving)
            fleet = self._desired.change(lambda fleet: fleet.stopped(leaving))
            for name in sorted({hostname(instance) for instance in leaving} - {*fleet.replicas}):
                self._events.record(Kind.LEFT, server=name, reason=_TAKEN_UP, N=len(fleet.replicas))

    def _warm_up(self) -> None:
        with self._desired.lock:
            ramps = self._slow_start.due(self._desired.fleet)
            if ramps:
                self._desired.change(lambda fleet: fleet.warmed(ramps))
                self._publish()

    def _publish(self) -> None:
        with self._condition.watch(Part.PLANE, PlaneUnavailable):
            self._desired.publish()


def _judged(fleet: Fleet, young: Mapping[Server, str]) -> Fleet:
    """A new release whose server fails as soon as it serves is as bad as one that does not start: its deploy turns
    round. `young`: such servers → why they failed."""
    for server, reason in young.items():
        if roll.is_new(fleet, server):
            fleet = roll.turned_round(fleet, server.release, f"{server.name} failed: {reason}")
    return fleet
