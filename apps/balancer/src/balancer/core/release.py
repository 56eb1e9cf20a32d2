"""A release: what the container of a server is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from balancer.core.document import known_fields, printable
from balancer.core.errors import InvalidRequest

FIELDS = ("image", "environment", "memory", "cpus")
MEMORY = r"([1-9][0-9]{0,14}[bkmg]?)?"
MOST_CPUS = 512


@dataclass(frozen=True, slots=True)
class Release:
    """`memory`: the limit as Docker writes it, empty for no limit. `cpus`: the limit, 0 for no limit. `number` grows
    with every deploy and is never given twice in a deployment. It distinguishes the containers of one server."""

    number: int = 1
    image: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    memory: str = ""
    cpus: float = 0.0

    def is_like(self, other: Release) -> bool:
        """Whether containers of both releases would be the same: everything but the number is equal."""
        return replace(self, number=other.number) == other

    def document(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in FIELDS}

    def changed(self, document: Mapping[str, object]) -> Release:
        """The release with the fields of the document. An environment is replaced as a whole. Raises InvalidRequest."""
        known_fields(document, *FIELDS)
        checks = {"image": _image, "environment": _environment, "memory": _memory, "cpus": _cpus}
        values: dict[str, Any] = {name: checks[name](value) for name, value in document.items()}
        return replace(self, **values)


def _image(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\S+", value):
        raise InvalidRequest("image must be an image's name or id, such as registry/app:1.2")
    return value


def _environment(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise InvalidRequest('environment must be an object of strings, such as {"MODE":"fast"}')
    for name, text in value.items():
        if not name or "=" in name or "\0" in name + text:
            raise InvalidRequest(f"environment: {printable(name)} cannot be a variable")
    return value


def _memory(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(MEMORY, value):
        raise InvalidRequest('memory must be such as "256m", or "" for no limit')
    return value


def _cpus(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_CPUS:
        raise InvalidRequest(f"cpus must be a number from 0 (no limit) to {MOST_CPUS}")
    return float(value)
