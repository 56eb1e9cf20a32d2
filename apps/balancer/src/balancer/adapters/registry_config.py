"""The file with credentials for registries. It is read anew at each use, so that its content may be rotated."""

from __future__ import annotations

from pathlib import Path

from balancer.core.errors import InvalidRequest
from balancer.core.registry_credentials import parse, registry_of_image


class RegistryConfig:
    """`path`: of a Docker config.json; None for no credentials."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def check(self) -> None:
        """Raises InvalidRequest where the file cannot be used."""
        self._registries()

    def credentials(self, image: str) -> dict[str, str]:
        """The credentials for the image of this name; empty where there are none. Raises InvalidRequest."""
        return self._registries().get(registry_of_image(image), {})

    def _registries(self) -> dict[str, dict[str, str]]:
        if self._path is None:
            return {}
        try:
            return parse(self._path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise InvalidRequest(f"{self._path} cannot be read: {reason}") from None
        except InvalidRequest as error:
            raise InvalidRequest(f"{self._path}: {error}") from None
