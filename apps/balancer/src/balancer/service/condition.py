"""What ails the balancer right now, for its health answers; a change is logged once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from balancer.core.errors import RingmasterError

_log = logging.getLogger(__name__)


class Part(StrEnum):
    ENGINE = "engine"
    PLANE = "data plane"
    FLEET = "fleet"
    STATE = "state"
    RING = "ring"


class Condition:
    """Part → reason, empty while all is well."""

    def __init__(self) -> None:
        self._ailments: dict[Part, str] = {}

    @property
    def ailments(self) -> dict[str, str]:
        return {str(part): reason for part, reason in sorted(self._ailments.items())}

    def is_ill(self, part: Part) -> bool:
        return part in self._ailments

    def ill(self, part: Part, reason: str) -> None:
        if part not in self._ailments:
            _log.error("%s ill", part, extra={"reason": reason})
        self._ailments[part] = reason

    def well(self, part: Part) -> None:
        if self._ailments.pop(part, ""):
            _log.info("%s well again", part)

    @contextmanager
    def watch(self, part: Part, *errors: type[RingmasterError]) -> Iterator[None]:
        """The part is ill when the block raises one of `errors` (which goes no further), and well when it ends."""
        try:
            yield
        except errors as error:
            self.ill(part, str(error))
        else:
            self.well(part)
