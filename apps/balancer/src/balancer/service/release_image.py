"""Sees to the image of the present release: new servers start only when the engine has it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from balancer.core import roll
from balancer.core.backoff import Backoff
from balancer.core.errors import EngineUnavailable, ImageMissing, PullFailed
from balancer.core.image import Image, Progress
from balancer.core.release import Release
from balancer.ports.clock import Clock
from balancer.ports.runtime import ContainerRuntime
from balancer.service.desired import DesiredFleet
from balancer.service.image_getter import ImageGetter, Unwanted
from balancer.service.problems import Part, Problems

_log = logging.getLogger(__name__)

_INTERVAL = 0.1
"""Seconds between two checks whether an image is wanted."""


class ReleaseImage:
    """`on_end` is called when the image is there, because servers may wait for it. A pull that fails is tried again,
    after longer and longer pauses."""

    def __init__(
        self,
        *,
        desired: DesiredFleet,
        runtime: ContainerRuntime,
        getter: ImageGetter,
        problems: Problems,
        clock: Clock,
        on_end: Callable[[], None],
    ) -> None:
        self._desired = desired
        self._runtime = runtime
        self._getter = getter
        self._problems = problems
        self._clock = clock
        self._on_end = on_end
        self._lost = ""
        self._looked_up = ""
        self._backoff = Backoff()

    @property
    def is_ready(self) -> bool:
        """Whether servers can be made of the present release, as far as is known."""
        content = self._desired.fleet.release.content
        return bool(content) and content != self._lost

    def lost(self, release: Release) -> None:
        """The engine does not have the image of this release any more, which is told at once."""
        self._lost = release.content
        self._problems.report(Part.IMAGE, release.image_missing)

    def round(self) -> float:
        self.see_to_it()
        return _INTERVAL

    def see_to_it(self) -> None:
        """Gets the image of the present release where it is wanted. Raises EngineUnavailable, StateUnavailable."""
        if not self._desired.restored:
            return
        release = self._desired.fleet.release
        if self.is_ready:
            self._problems.clear(Part.IMAGE)
            self._learn_digest(release)
            return
        if self._backoff.may_start(self._clock.now()):
            self._get(release)

    def _learn_digest(self, release: Release) -> None:
        """Looks once for the digest of a content that the settings told."""
        if release.digest or release.content == self._looked_up:
            return
        found = release.of(self._getter.image(release.content))
        self._desired.change(lambda fleet: roll.made_of(fleet, found))
        self._looked_up = release.content

    def _get(self, release: Release) -> None:
        try:
            image = self._in_use(release)
            found = release.of(image) if image else self._getter.get(release, note=self._note(release))
        except Unwanted:
            return
        except (PullFailed, ImageMissing) as error:
            self._backoff = self._backoff.failed(self._clock.now())
            self._problems.report(Part.IMAGE, str(error))
            _log.warning("image not there", extra={"reason": str(error), "pause": self._backoff.delay})
            return
        except EngineUnavailable as error:
            self._problems.report(Part.IMAGE, str(error))
            raise
        self._desired.change(lambda fleet: roll.made_of(fleet, found))
        self._lost, self._backoff = "", Backoff()
        self._problems.clear(Part.IMAGE)
        self._on_end()

    def _in_use(self, release: Release) -> Image | None:
        """The image of the containers that are made of this release, where its content is not known: the state is of an
        older balancer, or was lost."""
        if release.content:
            return None
        for container in self._runtime.observe().values():
            if container.release == release.number and container.image:
                return self._getter.image(container.image)
        return None

    def _note(self, release: Release) -> Callable[[Progress, float], bool]:
        def note(progress: Progress, seconds: float) -> bool:
            what = f"servers wait for the image {release.image}, which is being pulled"
            self._problems.report(Part.IMAGE, f"{what}: {progress}, after {seconds:.0f} s")
            present = self._desired.fleet.release
            return present.number == release.number and present.is_like(release)

        return note
