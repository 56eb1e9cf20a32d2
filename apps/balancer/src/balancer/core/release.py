"""A release: what the container of a server is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from balancer.core.document import known_fields, printable
from balancer.core.errors import InvalidRequest
from balancer.core.image import NAME_RULE, Image, is_name

FIELDS = ("image", "environment", "memory", "cpus")
MEMORY = r"([1-9][0-9]{0,14}[bkmg]?)?"
MOST_CPUS = 512


@dataclass(frozen=True, slots=True)
class Release:
    """`memory`: the limit as Docker writes it, empty for no limit. `cpus`: the limit, 0 for no limit. `number` grows
    with every deploy and is never given twice in a deployment. It distinguishes the containers of one server.

    `content`: the id of the image that `image` meant when the release was made, empty while that is unknown. Containers
    are created from the content, so all of them are the same, whatever the name means by then. `digest`: by which the
    content can be pulled again, empty where it cannot."""

    number: int = 1
    image: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    memory: str = ""
    cpus: float = 0.0
    content: str = ""
    digest: str = ""

    def is_like(self, other: Release) -> bool:
        """Whether both releases say the same: everything but the number and the content of the image is equal."""
        return replace(self, number=other.number, content=other.content, digest=other.digest) == other

    def is_same(self, other: Release) -> bool:
        """Whether containers of both releases would be the same. Of an unknown content this cannot be said."""
        return self.is_like(other) and self.content == other.content != ""

    def of(self, image: Image) -> Release:
        """The release, made of this image."""
        return replace(self, content=image.content, digest=image.digest)

    @property
    def image_missing(self) -> str:
        """Says that the engine does not have the image of the release, and what to do."""
        if not self.content:
            return f"the image {self.image} is not on the engine"
        return (
            f"the image {self.image} ({self.content}) is no longer on the engine; it may have been removed by "
            f'`docker image prune -af`: build or pull it again, then POST /deploy {{"image": "{self.image}"}}'
        )

    def named_anew(self) -> Release:
        """The release, made of whatever its image's name means now."""
        return replace(self, content="", digest="")

    def document(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in FIELDS}

    def changed(self, document: Mapping[str, object]) -> Release:
        """The release with the fields of the document. An environment is replaced as a whole. Raises InvalidRequest."""
        known_fields(document, *FIELDS)
        checks = {"image": _image, "environment": _environment, "memory": _memory, "cpus": _cpus}
        values: dict[str, Any] = {name: checks[name](value) for name, value in document.items()}
        return replace(self, **values)


def _image(value: object) -> str:
    if not isinstance(value, str) or not is_name(value):
        raise InvalidRequest(f"image must be {NAME_RULE}")
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
