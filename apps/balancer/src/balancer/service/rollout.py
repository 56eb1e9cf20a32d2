"""The rollout carries a deploy out, surge by surge: new containers start and take over before the old ones leave."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice

from balancer.core import roll
from balancer.core.backoff import Backoff
from balancer.core.deploy import Stage
from balancer.core.document import known_fields
from balancer.core.errors import (
    Busy,
    EngineUnavailable,
    InvalidRequest,
    NameTaken,
    PlaneUnavailable,
    StartFailed,
    StateUnavailable,
)
from balancer.core.event import EventKind
from balancer.core.fleet import Fleet, Server
from balancer.core.image import Progress
from balancer.core.lifecycle import State
from balancer.core.policy import Policy
from balancer.core.protocol import H2_BUFSIZE
from balancer.core.release import FIELDS, Release
from balancer.ports.clock import Clock
from balancer.service.change_queue import ChangeQueue
from balancer.service.deploy_events import record_stage
from balancer.service.deploy_image import DeployImage
from balancer.service.desired import DesiredFleet
from balancer.service.event_log import EventLog
from balancer.service.failures import Failures
from balancer.service.server_workers import ServerWorkers

PROBATION = 3.0
"""Seconds from when the last server took over to the end of the deploy. Until then the deploy can still go back."""

PULL = "pull"
"""The field of a deploy that is none of its release: whether the registry is asked for the image."""

_INTERVAL = 0.1
"""Seconds between two checks whether a deploy is running."""


class Rollout:
    """A new deploy starts `surge` new containers at once, and `batch` of them take over at once. A part that is away
    ends no deploy: after each attempt that it interrupts, the loop waits longer. `policy`: what a release may ask
    for. `protocols`: those that the data plane can speak to servers."""

    def __init__(
        self,
        *,
        desired: DesiredFleet,
        workers: ServerWorkers,
        queue: ChangeQueue,
        failures: Failures,
        image: DeployImage,
        events: EventLog,
        clock: Clock,
        surge: int,
        batch: int,
        policy: Policy,
        protocols: Collection[str],
    ) -> None:
        self._desired = desired
        self._workers = workers
        self._queue = queue
        self._failures = failures
        self._image = image
        self._events = events
        self._clock = clock
        self._surge = surge
        self._batch = batch
        self._policy = policy
        self._protocols = protocols
        self._took_over_at = -PROBATION
        self._backoff = Backoff()

    @property
    def fleet(self) -> Fleet:
        return self._desired.fleet

    @property
    def is_running(self) -> bool:
        deploy = self._desired.fleet.deploy
        return deploy is not None and deploy.is_active

    @property
    def pull(self) -> tuple[Progress, float] | None:
        """The pull that the running deploy waits for, as `DeployImage.pull`."""
        return self._image.pull

    def begin(self, document: Mapping[str, object]) -> Fleet:
        """Begins a deploy; it is saved when this returns. The loop carries it out, also after a restart of the
        balancer. `document`: the fields of the release that change, and `pull`. An image that it names is whatever
        the name means now; otherwise the image stays the same, whatever its name means.

        Raises InvalidRequest, Busy, TooManyWait, StateUnavailable. After an error everything is as before.
        """
        with self._queue.turn(), self._desired.lock:
            if self.is_running:
                raise Busy("a deploy is running; wait until GET /deploy says how it ended, or DELETE /deploy")
            known_fields(document, *FIELDS, PULL)
            release = self.fleet.release.changed({name: document[name] for name in document if name != PULL})
            if release.protocol not in self._protocols:
                raise InvalidRequest(
                    f"protocol: {release.protocol} needs the data plane haproxy and a bufsize of {H2_BUFSIZE} at least"
                )
            if not release.is_like(self.fleet.release):  # What servers run already stays allowed.
                self._policy.check(release)
            pull = _pull_in(document)
            if pull or "image" in document:
                release = release.named_anew()
            fleet = self._desired.change(
                lambda fleet: roll.begun(fleet, release, surge=self._surge, batch=self._batch, pull=pull, anew=not pull)
            )
        record_stage(self._events, fleet)
        return fleet

    def cancel(self) -> Fleet:
        """Makes the running deploy go back, or end where it still waits for its image. Raises Busy where no deploy is
        on its way, TooManyWait, StateUnavailable."""
        with self._queue.turn(), self._desired.lock:
            deploy = self.fleet.deploy
            if deploy is None or deploy.stage not in (Stage.PULLING, Stage.ROLLING):
                raise Busy("no deploy is on its way; POST /deploy starts one")
            why, number = "a user wants the old release again", deploy.release.number
            fleet = self._desired.change(lambda fleet: roll.called_off(fleet, number, why))
        record_stage(self._events, fleet)
        return fleet

    def round(self) -> float:
        if not self._backoff.may_start(self._clock.now()):
            return _INTERVAL
        try:
            return 0.0 if self.carry_out_surge() else _INTERVAL
        except (EngineUnavailable, PlaneUnavailable, StateUnavailable):
            self._backoff = self._backoff.failed(self._clock.now())
            raise

    def carry_out_surge(self) -> bool:
        """Carries out one surge of the running deploy. Returns False where nothing could be done now.

        Raises Busy, EngineUnavailable, PlaneUnavailable, StateUnavailable. After an error a later call tries again.
        """
        if not self._desired.restored or not self.is_running:
            return False
        if not self._image.get():
            return True
        self._desired.is_published()  # While the plane is away, no container could take over.
        self._watch_the_last()
        with self._queue.turn(is_own=True), ExitStack() as held, ExitStack() as undo:
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
            record_stage(
                self._events, self._desired.change(lambda fleet: roll.going_back(fleet, release.number, reason))
            )
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
                instance=server.instance,
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
        """Ends the deploy. Not while a server is being started: that one may still have the old release. Not while a
        failure is not saved yet: the deploy may have to go back for it."""
        if not self.fleet.of(State.JOINING) and not self._failures.are_unsaved(self.fleet):
            record_stage(self._events, self._desired.change(roll.ended))
        return False


def _pull_in(document: Mapping[str, object]) -> bool:
    pull = document.get(PULL, False)
    if not isinstance(pull, bool):
        raise InvalidRequest(f"{PULL} must be true or false")
    return pull


def _batches(instances: list[str], size: int) -> Iterator[list[str]]:
    rest = iter(instances)
    while batch := list(islice(rest, size)):
        yield batch
