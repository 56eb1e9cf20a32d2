"""Sees to the image of the running deploy: servers are rolled only when the engine has it."""

from __future__ import annotations

from balancer.core import roll
from balancer.core.deploy import Deploy
from balancer.core.errors import ImageMissing, PullFailed
from balancer.core.image import Progress
from balancer.core.release import Release
from balancer.ports.clock import Clock
from balancer.service.deploy_events import record_stage
from balancer.service.desired import DesiredFleet
from balancer.service.event_log import EventLog
from balancer.service.image_getter import ImageGetter, Note, Unwanted


class DeployImage:
    """One thread gets the image. Any thread may ask for `pull`."""

    def __init__(self, *, desired: DesiredFleet, getter: ImageGetter, events: EventLog, clock: Clock) -> None:
        self._desired = desired
        self._getter = getter
        self._events = events
        self._clock = clock
        self._pull: tuple[Progress, float] | None = None

    @property
    def pull(self) -> tuple[Progress, float] | None:
        """The pull that the running deploy waits for: its progress, and the seconds since it began. None where it waits
        for none."""
        return self._pull

    def get(self) -> bool:
        """Sees to it that the engine has the image that the running deploy needs now. It holds no lock and no turn
        meanwhile. Returns False where the deploy goes another way. Raises EngineUnavailable, StateUnavailable."""
        fleet = self._desired.fleet
        deploy, goal = fleet.deploy, roll.goal(fleet)
        if deploy is None or not deploy.is_active:
            return False
        release = goal or deploy.release
        began = self._clock.now()
        try:
            found = self._getter.get(release, pull=deploy.is_pulling and deploy.pull, note=self._note(deploy))
        except Unwanted:
            return False
        except (PullFailed, ImageMissing) as error:
            self._give_up(release, str(error))
            return False
        finally:
            last, self._pull = self._pull, None
        if deploy.is_pulling:
            self._begin_to_roll(found, last, self._clock.now() - began)
        return roll.goal(self._desired.fleet) is not None

    def _begin_to_roll(self, found: Release, pull: tuple[Progress, float] | None, seconds: float) -> None:
        before = self._desired.fleet
        fleet = self._desired.change(lambda fleet: roll.pulled(fleet, found))
        if fleet != before:
            what = f"{found.image} was pulled: {pull[0]}" if pull else f"{found.image} is on the engine"
            record_stage(self._events, fleet, reason=what, content=found.content, seconds=seconds)

    def _give_up(self, release: Release, reason: str) -> None:
        before = self._desired.fleet
        fleet = self._desired.change(lambda fleet: roll.called_off(fleet, release.number, reason))
        if fleet != before:
            record_stage(self._events, fleet)

    def _note(self, deploy: Deploy) -> Note:
        def note(progress: Progress, seconds: float) -> bool:
            self._pull = progress, seconds
            present = self._desired.fleet.deploy
            return present is not None and (present.release.number, present.stage) == (
                deploy.release.number,
                deploy.stage,
            )

        return note
