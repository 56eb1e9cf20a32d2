"""The executor: it observes all containers, lets the core make the plan, and carries the plan out."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from balancer.core import roll
from balancer.core.errors import EngineUnavailable, PlaneUnavailable
from balancer.core.event import EventKind
from balancer.core.fleet import Fleet, Server
from balancer.core.lifecycle import State
from balancer.core.observed import Observed
from balancer.core.plan import READY, Plan, decide
from balancer.core.routes import hostname
from balancer.ports.local_engine import LocalEngine
from balancer.ports.runtime import ContainerRuntime
from balancer.service.desired import DesiredFleet
from balancer.service.edge_watch import EdgeWatch
from balancer.service.event_log import EventLog
from balancer.service.failures import Failures
from balancer.service.nodes import Nodes
from balancer.service.problems import Part, Problems
from balancer.service.server_workers import ServerWorkers
from balancer.service.silence_report import SilenceReport
from balancer.service.silence_watch import SilenceWatch
from balancer.service.starter import Starter
from balancer.service.starvation_report import StarvationReport

_log = logging.getLogger(__name__)

_REMOVAL_FINISHED = "a removal that somebody had begun"


class PlanExecutor:
    """`spares`: how many spares to keep. `local`: None where containers have no names of ours."""

    def __init__(
        self,
        *,
        desired: DesiredFleet,
        runtime: ContainerRuntime,
        local: LocalEngine | None,
        workers: ServerWorkers,
        watch: SilenceWatch,
        report: SilenceReport,
        starvation: StarvationReport,
        starter: Starter,
        failures: Failures,
        problems: Problems,
        events: EventLog,
        nodes: Nodes,
        edges: EdgeWatch,
        spares: int,
    ) -> None:
        self._desired = desired
        self._runtime = runtime
        self._local = local
        self._workers = workers
        self._watch = watch
        self._report = report
        self._starvation = starvation
        self._starter = starter
        self._failures = failures
        self._problems = problems
        self._events = events
        self._nodes = nodes
        self._edges = edges
        self._spares = spares

    def execute(self) -> None:
        """Observes once and carries out the plan. Raises StateUnavailable. Where the engine or the plane is
        unavailable, the step reports a problem, and the next step tries again."""
        # A server that becomes ready after this line may be missing from the observation. It has not failed.
        before = self._desired.fleet
        observed = self._observe()
        self._starvation.observed(self._desired.fleet, observed)
        silences = self._watch.look(self._desired.fleet, observed)
        lost = self._edges.lost
        with self._desired.lock:
            self._failures.doubt(self._watch.alive_at)
            observed = _without_gone(observed, before, self._desired.fleet)
            plan = decide(
                self._desired.fleet,
                observed,
                known={server.identity for server in before.of(*READY)},
                starting=self._starter.starting,
                claimed=self._workers.claims.instances,
                silences=silences,
                spares=self._spares,
                lost=lost,
            )
            self._change_fleet(plan)
            self._watch.close_idle(self._desired.fleet)
            if self._problems.has(Part.ENGINE):
                return
            self._use_engine(plan, observed)
        self._rename(plan.rename)

    def _observe(self) -> Mapping[str, Observed]:
        """The containers that the engine shows, by instance. While the engine is away, all servers of the fleet, as
        running where they were last seen."""
        try:
            observed = self._runtime.observe()
        except EngineUnavailable as error:
            self._problems.report(Part.ENGINE, str(error))
            return {
                server.instance: Observed(
                    server.instance,
                    server.ring_id,
                    running=True,
                    address=server.address,
                    generation=server.generation,
                    node=self._nodes.of(server.instance),
                )
                for server in self._desired.fleet.servers
            }
        self._problems.clear(Part.ENGINE)
        self._nodes.observed(observed)
        return observed

    def _change_fleet(self, plan: Plan) -> None:
        """The part of the plan that changes the fleet. Failed servers leave the ring and spares take their places in
        one change. A change that cannot be saved has not happened and is no event: the next step finds it again."""
        before = self._desired.fleet
        failed = {before.server(instance): reason for instance, reason in plan.failed.items()}
        self._failures.keep({server.identity for server in (*failed, *before.of(State.DOWN))})
        self._report.crowd(plan.crowd, before)
        if plan.failed or plan.moved or plan.promote or plan.silenced or plan.answered:
            failed_early = {server: why for server, why in failed.items() if self._has_failed_early(server, why)}
            ramp = self._starter.ramp
            self._desired.change(
                lambda fleet: (
                    _judged(fleet, failed_early)
                    .fail(plan.failed)
                    .silenced(plan.silenced)
                    .answered(plan.answered)
                    .moved(plan.moved)
                    .promoted(plan.promote, ramp=ramp)
                )
            )
            for server, reason in failed.items():
                self._events.record(
                    EventKind.FAILED,
                    server=server.hostname,
                    instance=server.instance,
                    reason=reason,
                    state=server.state,
                )
            self._report.changed(before, plan)
            with self._problems.watch(Part.PLANE, PlaneUnavailable):
                self._desired.publish()
            self._starter.promoted(before.fail(plan.failed), plan.promote)
        self._desired.change(lambda fleet: fleet.abandon(plan.abandon).dismiss(plan.dismiss))

    def _has_failed_early(self, server: Server, reason: str) -> bool:
        silence = self._watch.silence(server)
        return self._failures.failed(server, reason, alive_at=silence.alive_at if silence else None)

    def _use_engine(self, plan: Plan, observed: Mapping[str, Observed]) -> None:
        """The part of the plan that needs the engine. The caller holds the lock, so a container that goes is claimed
        before another thread can start the same instance. Dead servers and orphans are fenced only after the ring has
        changed. Only the containers that were observed are fenced: an instance may have another one by then.
        """
        if plan.fence or plan.retire:  # Perhaps the servers of another balancer, which this one does not know.
            self._desired.confirm()
        if plan.fence:
            containers = {instance: observed[instance].id for instance in plan.fence}
            for instance in plan.fence:
                self._events.record(EventKind.FENCED, server=hostname(instance), instance=instance, container=instance)
            self._workers.run(plan.fence, lambda: self._workers.fence(containers))
        if plan.retire:
            self._workers.run(plan.retire, lambda: self._retire(plan.retire))
        self._starter.start(plan.start)
        if not self._starter.starting and not plan.start:
            self._problems.clear(Part.FLEET)

    def _rename(self, names: Mapping[str, str]) -> None:
        """Renames containers, where they have names: instance → container name. Where the engine does not answer, a
        later step tries again. Raises Superseded."""
        if self._local is None or not names:
            return
        self._desired.confirm()  # To another balancer's fleet other names belong.
        for instance, name in names.items():
            try:
                self._local.rename(instance, name)
            except EngineUnavailable as error:
                _log.warning("container not renamed yet", extra={"server": instance, "reason": str(error)})

    def _retire(self, leaving: tuple[str, ...]) -> None:
        with self._problems.watch(Part.ENGINE, EngineUnavailable):
            self._workers.retire(leaving)
            fleet = self._desired.change(lambda fleet: fleet.stopped(leaving))
            left = {hostname(instance): instance for instance in leaving}
            for name in sorted(left.keys() - {*fleet.replicas}):
                self._events.record(
                    EventKind.LEFT,
                    server=name,
                    instance=left[name],
                    reason=_REMOVAL_FINISHED,
                    N=len(fleet.replicas),
                )


def _without_gone(observed: Mapping[str, Observed], before: Fleet, fleet: Fleet) -> dict[str, Observed]:
    """The observed containers, less those of servers that have left the fleet since it was `before`: a thread has just
    removed them. Where one is still there, the next step finds it."""
    gone = {server.identity for server in before.servers} - {server.identity for server in fleet.servers}
    return {instance: container for instance, container in observed.items() if container.identity not in gone}


def _judged(fleet: Fleet, failed_early: Mapping[Server, str]) -> Fleet:
    """Where a server of a new release has failed early, the deploy goes back, as it does where a server does not start.
    `failed_early`: server → reason."""
    for server, reason in failed_early.items():
        if roll.is_new(fleet, server):
            fleet = roll.going_back(fleet, server.release, f"{server.hostname} failed: {reason}")
    return fleet
