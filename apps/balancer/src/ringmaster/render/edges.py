"""The edges of several hosts as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from ringmaster.render import words
from ringmaster.render.fitting import Fitting

Document = Mapping[str, Any]

_COLUMNS = ("node", "edge", "ring", "last heard of", "problem")


def edges(answer: Document) -> RenderableType:
    """The answer of /edges."""
    if not answer["edges"]:
        return words.line("there is one host: its edge is told of by ringmaster status")
    shown = Fitting(columns=_COLUMNS, spare=(), left=("node", "edge", "ring", "problem"))
    for edge in answer["edges"]:
        shown.add_row(
            words.plain(edge["node"]),
            _state(edge),
            _step(edge),
            f"{edge['silent_for']:.1f} s ago",
            words.plain(edge["problem"]),
        )
    return shown


def _state(edge: Document) -> Text:
    if not edge["leased"]:
        return words.line(("lost", words.BAD))
    return words.line(("serving", words.GOOD) if edge["serving"] else ("not serving", words.BAD))


def _step(edge: Document) -> Text:
    """What a lost edge obeys nobody knows."""
    if not edge["leased"]:
        return words.line(("-", words.DIM))
    return words.line(("in step", words.GOOD) if edge["in_step"] else ("out of step", words.POOR))
