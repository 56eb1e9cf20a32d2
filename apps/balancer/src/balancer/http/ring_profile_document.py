"""The document of a ring profile. The catalogue of the core reads and checks it; this only tells of its fields."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from pydantic import ConfigDict

from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.strategies import STRATEGIES
from balancer.http.operation import Document

_JSON_TYPES = {int: "integer", str: "string"}


def _parameters() -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, JSON schema) of every parameter that a strategy has, with the texts of all strategies that have it."""
    texts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    types: dict[str, str] = {}
    for name, strategy in STRATEGIES.items():
        for item in fields(strategy):  # type: ignore[arg-type]  # a dataclass, as Strategy says
            texts[item.name][item.metadata["text"]].append(name)
            types[item.name] = _JSON_TYPES[type(item.default)]
    for name, told in texts.items():
        description = " ".join(f"{', '.join(strategies)}: {text}" for text, strategies in told.items())
        yield name, {"type": types[name], "description": description}


_FIELDS: dict[str, Any] = {
    "strategy": {
        "type": "string",
        "description": f"{', '.join(STRATEGIES)}, or one of your own.",
        "default": "table",
    },
    **dict(_parameters()),
    "request_hash": {
        "type": "string",
        "description": f"{', '.join(REQUEST_HASHES)}, or one of your own; course is usual with the strategy course, "
        "crc32 with the others.",
    },
    "key": {
        "type": "string",
        "description": "random, path, address, header:NAME, cookie:NAME or query:NAME. A request without it is keyed "
        "by a random request id.",
        "default": "random",
    },
    "bound": {
        "type": ["number", "null"],
        "description": "Bounded load's c: no server has more than c times its share of the requests in flight. null: "
        "off.",
        "exclusiveMinimum": 1,
        "maximum": 1000,
        "default": None,
    },
}


class RingProfile(Document):
    """A strategy with its parameters, a request hash, a key source and a bound. What is left out is the strategy's
    usual. A field that the strategy does not have is refused, with a list of those that it has."""

    model_config = ConfigDict(
        extra="allow", json_schema_extra={"properties": _FIELDS, "example": {"strategy": "maglev"}}
    )
