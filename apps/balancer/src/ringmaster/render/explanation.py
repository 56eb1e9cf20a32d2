"""The way of a key to its server as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType

from ringmaster.render import words


def explanation(answer: Mapping[str, Any]) -> RenderableType:
    """The answer of /ring/lookup."""
    way = [
        f"{answer['request_hash']} → slot {answer['slot']}",
        *(f"{stop['hostname']} ({stop['state']}, slot {stop['slot']})" for stop in answer["walk"]),
    ]
    server = answer["server"]
    end = words.line(("→ ", "bold"), (server, words.GOOD)) if server else words.line(("→ nobody answers", words.BAD))
    key = words.line((repr(words.plain(answer["key"])), "bold"))
    return Group(key, *(words.line("  ↓ ", step) for step in way), end, words.line((answer["why"], words.DIM)))
