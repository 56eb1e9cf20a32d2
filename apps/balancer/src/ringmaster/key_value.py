"""Options of the form NAME=VALUE."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click


def texts(pairs: Iterable[str], *, option: str) -> dict[str, str]:
    """name → text of all pairs. Raises click.UsageError for one without a name, or with one that came before."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{option} {pair}: write NAME=VALUE")
        if name in found:
            raise click.UsageError(f"{option} {name} is given twice")
        found[name] = value
    return found


def values(pairs: Iterable[str], *, option: str) -> dict[str, Any]:
    """name → value of all pairs, each value as JSON, and as a text where it is no JSON."""
    return {name: _value(text) for name, text in texts(pairs, option=option).items()}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
