"""The kinds of values: how one is read from a setting's text, checked, and described to clients.

Settings and POST /deploy use the same checks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


class Unfit(ValueError):
    """A value of the right type that cannot be. Its sentence says why."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`expects` completes "… must be". `check` takes a value as JSON has it and returns the field's value; it raises
    Unfit, or ValueError where `expects` says enough. `read` makes such a JSON value of a setting's
    text; it raises ValueError or KeyError. `schema` is the JSON schema of what `check` takes, as far as one can say it.
    """

    expects: str
    check: Callable[[object], Any]
    read: Callable[[str], object]
    schema: Mapping[str, Any]


def text(pattern: str, expects: str) -> Kind:
    return Kind(expects, lambda value: matching(pattern, value), str, pattern_schema(pattern))


def integer(low: int, high: int, *, zero: str = "") -> Kind:
    """`zero`: what 0 means, where it means something of its own."""
    expects = f"an integer from {low}{zero and f' ({zero})'} to {high}"
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Kind(expects, lambda value: _integer(value, low, high), int, schema)


def number(low: float, high: float, expects: str) -> Kind:
    schema = {"type": "number", "minimum": low, "maximum": high}
    return Kind(expects, lambda value: _number(value, low, high), float, schema)


def seconds(low: float, high: float) -> Kind:
    return number(low, high, f"seconds from {low:g} to {high:g}")


def matching(pattern: str, value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ValueError
    return value


def _integer(value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError
    return value


def _number(value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError
    return float(value)


def _flag(value: object) -> bool:
    if value is True or value is False:
        return bool(value)
    raise ValueError


def strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) and "\0" not in item for item in value):
        raise ValueError
    return tuple(value)


def mapping(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(item, str) for item in value.values()):
        raise ValueError
    return dict(value)


def words(text: str) -> tuple[str, ...]:
    """The words between the commas of a text."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _yes_or_no(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def pattern_schema(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^({pattern})$"}


STRINGS = {"type": "array", "items": {"type": "string"}}
ARGUMENTS = Kind('a JSON list of strings, such as ["serve","--fast"]', strings, json.loads, STRINGS)
FLAG = Kind("true or false", _flag, _yes_or_no, {"type": "boolean"})
