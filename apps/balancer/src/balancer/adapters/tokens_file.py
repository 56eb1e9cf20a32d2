"""The file with the named tokens. It is read anew at each call."""

from __future__ import annotations

from pathlib import Path

from balancer.core.errors import InvalidRequest
from balancer.core.tokens import SIZE_LIMIT


class TokensFile:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> bytes | None:
        """The content, at most one byte more than it may have; None where there is no file. Raises InvalidRequest."""
        try:
            with self._path.open("rb") as file:
                return file.read(SIZE_LIMIT + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InvalidRequest(f"it cannot be read: {error.strerror}") from None
