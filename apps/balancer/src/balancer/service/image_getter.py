"""Gets the image of a release onto the engine: it looks for it there, and pulls it where it has to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress

from balancer.core.errors import ImageMissing, PullFailed
from balancer.core.image import Image, Progress, is_id
from balancer.core.release import Release
from balancer.ports.clock import Clock
from balancer.ports.images import Images

Note = Callable[[Progress, float], bool]
"""Takes the progress of a pull and the seconds since it began. Returns whether the pull is still wanted."""


class Unwanted(Exception):
    """Nobody wants the image any more. The pull was given up."""


class ImageGetter:
    """`pull_timeout`: the longest time of one pull, in seconds. No lock is held while an image is pulled."""

    def __init__(self, *, images: Images, clock: Clock, pull_timeout: float) -> None:
        self._images = images
        self._clock = clock
        self._pull_timeout = pull_timeout

    def image(self, content: str) -> Image:
        """The image of a container. It may have been removed since, or be no longer allowed. Raises
        EngineUnavailable."""
        with suppress(PullFailed):
            return self._images.find(content) or Image(content)
        return Image(content)

    def get(self, release: Release, *, pull: bool = False, note: Note) -> Release:
        """The release with the content that the engine has for it. A content that is known stays the same: where the
        engine has lost it, it is pulled by its digest. `pull`: the registry is asked for what the name means now.

        Raises EngineUnavailable, PullFailed, ImageMissing, Unwanted.
        """
        if not pull and (image := self._images.find(release.content or release.image)):
            return release if release.digest else release.of(image)
        if release.content and not pull:
            self._get_back(release, note)
            return release
        if is_id(release.image):
            raise ImageMissing(f"no image on the engine has the id {release.image}, and no registry knows it by that")
        return release.of(self._pull(release.image, note))

    def _get_back(self, release: Release, note: Note) -> None:
        if not release.digest:
            raise ImageMissing(release.image_missing)
        try:
            image = self._pull(release.digest, note)
        except PullFailed as error:
            raise ImageMissing(f"{release.image_missing}. It cannot be pulled again: {error}") from error
        if image.content != release.content:
            raise ImageMissing(f"{release.image_missing}. {release.digest} is another image here: {image.content}")

    def _pull(self, name: str, note: Note) -> Image:
        began = self._clock.now()
        with closing(self._images.pull(name)) as pull:
            for progress in pull:
                seconds = self._clock.now() - began
                if not note(progress, seconds):
                    raise Unwanted
                if seconds > self._pull_timeout:
                    raise PullFailed(f"{name} was not pulled within {self._pull_timeout:g} s: {progress}")
        if image := self._images.find(name):
            return image
        raise PullFailed(f"{name} was pulled, and the engine does not have it all the same")
