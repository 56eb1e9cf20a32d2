"""Reads a JSON object that a user sent, strictly. What the fields mean is decided elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from balancer.core.errors import InvalidRequest


def json_object(body: bytes, *, example: str) -> dict[str, Any]:
    """The JSON object in a body. Raises InvalidRequest for any other body and for a key given twice."""
    try:
        document = json.loads(body, object_pairs_hook=_object, parse_constant=_no_constant)
    except InvalidRequest:
        raise
    except (ValueError, RecursionError):
        raise InvalidRequest(f"the body is not JSON; send for example {example}") from None
    if not isinstance(document, dict):
        raise InvalidRequest(f"the body is not a JSON object; send for example {example}")
    return document


def known_fields(document: Mapping[str, object], *fields: str) -> None:
    """Raises InvalidRequest when the document has a field that is not among `fields`."""
    unknown = document.keys() - set(fields)
    if unknown:
        raise InvalidRequest(f"{printable(min(unknown))} is not a field here; there is: {', '.join(fields)}")


def printable(text: str) -> str:
    """A user's text as a JSON string for an error message, cut after 64 characters."""
    return json.dumps(text if len(text) <= 64 else text[:64] + "…")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document: dict[str, object] = {}
    for key, value in pairs:
        if key in document:
            raise InvalidRequest(f"{printable(key)} is given twice")
        document[key] = value
    return document


def _no_constant(constant: str) -> object:
    raise InvalidRequest(f"the body is not JSON: {constant} is no JSON number")
