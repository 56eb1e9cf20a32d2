"""Events, one line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from ringmaster.render import words

_STYLES = {
    "failed": words.BAD,
    "fenced": words.BAD,
    "ailing": words.BAD,
    "starved": words.POOR,
    "silent": words.POOR,
    "cut": words.POOR,
    "edge_lost": words.BAD,
    "edge_back": words.GOOD,
    "joined": words.GOOD,
    "back": words.GOOD,
    "well": words.GOOD,
    "replaced": words.GOOD,
}


def event(document: Mapping[str, Any]) -> Text:
    """One event: number, time, kind, server, and what else is known of it."""
    kind, seconds = document["kind"], document["seconds"]
    facts = [f"{name}={_short(value)}" for name, value in document["facts"].items() if value not in ("", [])]
    rest = [
        document["reason"],
        f"on {document['node']}" if document.get("node") else "",
        f"after {words.duration(seconds)}" if seconds is not None else "",
        " ".join(facts),
    ]
    return words.line(
        (f"{document['number']:>6}  {_clock(document['time'])}  ", words.DIM),
        (f"{kind:<12}", _STYLES.get(kind, "bold")),
        f"{document['server']:<10}  ",
        "; ".join(filter(None, rest)),
    )


def dropped(count: int | str) -> Text:
    return words.line((f"{count} events before were forgotten already", words.POOR))


def _clock(time: str) -> str:
    """Date and time to the second, in UTC as the API has it."""
    return time[:19].replace("T", " ")


def _short(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)
