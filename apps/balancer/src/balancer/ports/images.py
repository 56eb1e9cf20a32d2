"""The images on the engine, as a port: what a name means there, and pulls from a registry."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from balancer.core.image import Image, Progress


class Images(Protocol):
    """Every method may raise EngineUnavailable."""

    def find(self, name: str) -> Image | None:
        """The image that the engine has under this name, digest or id; None where it has none. Raises PullFailed for
        what the engine does not take for a name."""

    def pull(self, name: str) -> Generator[Progress]:
        """Pulls an image by its name or digest, and yields the progress: whenever it changes and once a second at
        least, however silent the registry is. When it ends, the engine has the image. To close the generator is to give
        the pull up. Raises PullFailed with the reason of the engine or the registry; it holds no credentials."""
