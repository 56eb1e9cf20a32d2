"""The rollout carries a deploy out, surge by surge: new containers start and take over before the old ones leave."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice

from balancer.core import roll
from balancer.core.deploy import Stage
from balancer.core.errors import Busy, NameTaken, StartFailed
from balancer.core.event import EventKind
from balancer.core.fleet import Fleet, Server
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.ports.clock import Clock
from balancer.service.change_queue import ChangeQueue
from balancer.service.desired import DesiredFleet
from balancer.service.event_log import EventLog
from balancer.service.failures import Failures
from balancer.service.server_workers import ServerWorkers

PROBATION = 3.0
"""Seconds from when the last server took over to the end of the deploy. Until then the deploy can still go back."""

_INTERVAL = 0.1
"""Seconds between two checks whether a deploy is running."""


class Rollout:
    """A new deploy starts `surge` new containers at once, and `batch` of them take over at once."""

    def __init__(
        self,
        *,
        desired: DesiredFleet,
        workers: ServerWorkers,
        queue: ChangeQueue,
        failures: Failures,
        events: EventLog,
        clock: Clock,
        surge: int,
        batch: int,
    ) -> None:
        self._desired = desired
        self._workers = workers
        self._queue = queue
        self._failures = failures
        self._events = events
        self._clock = clock
        self._surge = surge
        self._batch = batch
        self._took_over_at = -PROBATION

    @property
    def fleet(self) -> Fleet:
        return self._desired.fleet

    @property
    def is_running(self) -> bool:
        return roll.goal(self._desired.fleet) is not None

    def begin(self, document: Mapping[str, object]) -> Fleet:
        """Begins a deploy; it is saved when this returns. The loop carries it out, also after a restart of the
        balancer. `document`: the fields of the release that change.

        Raises InvalidRequest, Busy, StateUnavailable. After an error everything is as before.
        """
        with self._queue.turn(), self._desired.lock:
            if self.is_running:
                raise Busy("a deploy is running; wait until GET /deploy says how it ended, or DELETE /deploy")
            release = self.fleet.release.changed(document)
            fleet = self._desired.change(lambda fleet: roll.begun(fleet, release, surge=self._surge, batch=self._batch))
        self._record(fleet)
        return fleet

    def cancel(self) -> Fleet:
        """Makes the running deploy go back. Raises Busy where no deploy is rolling, StateUnavailable."""
        with self._queue.turn(), self._desired.lock:
            deploy = self.fleet.deploy
            if deploy is None or deploy.stage is not Stage.ROLLING:
                raise Busy("no deploy is on its way; POST /deploy starts one")
            why = "a user wants the old release again"
            fleet = self._desired.change(lambda fleet: roll.going_back(fleet, deploy.release.number, why))
        self._record(fleet)
        return fleet

    def round(self) -> float:
        return 0.0 if self.carry_out_surge() else _INTERVAL

    def carry_out_surge(self) -> bool:
        """Carries out one surge of the running deploy. Returns False where nothing could be done now.

        Raises Busy, EngineUnavailable, PlaneUnavailable, StateUnavailable. After an error the next step tries again.
        """
        if not self._desired.restored or not self.is_running:
            return False
        self._watch_the_last()
        with self._queue.turn(), ExitStack() as held, ExitStack() as undo:
            with self._desired.lock:
                fleet, release = self.fleet, roll.goal(self.fleet)
                if release is None or fleet.deploy is None or not roll.outdated(fleet):
                    return self._end()
                outdated = roll.outdated(fleet)[: fleet.deploy.surge]
                newcomers = roll.newcomers(outdated, release, fleet.generation)
                instances = {server.instance for server in newcomers}
                if instances & {*self._workers.claims.instances, *fleet.instances(*State)}:
                    return False  # An earlier, interrupted surge left containers; they are removed first.
                held.enter_context(self._workers.claims.hold(instances))
                self._desired.change(lambda fleet: roll.joining(fleet, newcomers))
            undo.callback(self._abandon, newcomers)
            addresses = self._start(newcomers, release)
            for batch in _batches(list(addresses), fleet.deploy.batch):
                if roll.goal(self.fleet) != release:
                    return True  # A server of this release that served already has failed meanwhile.
                self._take_over({instance: addresses[instance] for instance in batch})
            return bool(addresses)

    def _watch_the_last(self) -> None:
        """After the last surge, waits until its servers have served for PROBATION seconds."""
        if not roll.outdated(self.fleet):
            self._clock.sleep(max(0.0, self._took_over_at + PROBATION - self._clock.now()))

    def _start(self, newcomers: Collection[Server], release: Release) -> dict[str, str]:
        """Starts the new servers; returns instance → address. Where one of them does not start, the deploy goes back
        and the result is empty."""
        try:
            return self._workers.bring_up(newcomers, release)
        except (StartFailed, NameTaken) as error:
            reason = str(error)
            self._record(self._desired.change(lambda fleet: roll.going_back(fleet, release.number, reason)))
            return {}

    def _take_over(self, addresses: Mapping[str, str]) -> None:
        began = self._clock.now()
        with ExitStack() as hold:
            with self._desired.lock:
                before = self.fleet
                fleet = self._desired.change_and_publish(lambda fleet: roll.taken_over(fleet, addresses))
                were_leaving = before.instances(State.LEAVING)
                leaving = [instance for instance in fleet.instances(State.LEAVING) if instance not in were_leaving]
                hold.enter_context(self._workers.claims.hold(leaving))
                joined = [server for server in fleet.of(State.SERVING) if server.instance in addresses]
                self._failures.joined(joined, fleet)
                self._failures.replaced(before, fleet)
            self._took_over_at = self._clock.now()
            self._workers.retire(leaving)
            self._desired.change(lambda fleet: fleet.stopped(leaving))
        for server in joined:
            self._events.record(
                EventKind.DEPLOY,
                server=server.hostname,
                reason=f"runs release {server.release}",
                seconds=self._clock.now() - began,
                left=len(roll.outdated(fleet)),
            )

    def _abandon(self, newcomers: Collection[Server]) -> None:
        """Removes new servers that have not taken over. A container that cannot be removed now is removed at a later
        step."""
        joining = {server.instance for server in newcomers} & set(self.fleet.instances(State.JOINING))
        if joining:
            self._workers.kill(joining)
            self._desired.change(lambda fleet: fleet.abandon(joining))

    def _end(self) -> bool:
        """Ends the deploy, unless a server is being started right now: that one may still have the old release."""
        if not self.fleet.of(State.JOINING):
            self._record(self._desired.change(roll.ended))
        return False

    def _record(self, fleet: Fleet) -> None:
        deploy = fleet.deploy
        if deploy is not None:
            release = deploy.release
            self._events.record(
                EventKind.DEPLOY, reason=deploy.reason, stage=deploy.stage, release=release.number, image=release.image
            )


def _batches(instances: list[str], size: int) -> Iterator[list[str]]:
    rest = iter(instances)
    while batch := list(islice(rest, size)):
        yield batch
