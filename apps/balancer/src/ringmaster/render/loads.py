"""The load of every server as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ringmaster.render import words
from ringmaster.render.fitting import Fitting

_COLUMNS = ("server", "req/s", "err/s", "in flight", "response", "requests", "measured", "expected", "")
_SPARE = ("", "requests", "in flight", "err/s", "response", "req/s")
_UNEVEN = 1.25
"""The imbalance from which it is shown as something to look at."""


def load(answer: Mapping[str, Any]) -> RenderableType:
    """The answer of /load."""
    shown = Fitting(columns=_COLUMNS, spare=_SPARE, left=("server", ""))
    for server in answer["servers"]:
        shown.add_row(
            words.plain(server["hostname"]),
            f"{server['requests_per_second']:.1f}",
            f"{server['errors_per_second']:.1f}",
            str(server["in_flight"]),
            words.duration(server["response_time"] or None),
            str(server["requests"]),
            words.percent(server["share"]),
            words.percent(server["expected"]),
            words.bar(server["share"] or 0),
        )
    return Group(shown, Text(), _balance(answer))


def _balance(answer: Mapping[str, Any]) -> Text:
    imbalance = answer["imbalance"]
    if imbalance is None:
        return words.line(("imbalance unknown: fewer than 100 requests were measured", words.DIM))
    style = words.POOR if imbalance > _UNEVEN else words.GOOD
    return words.line(
        "imbalance ", (f"{imbalance:.2f}", style), f" since {answer['since']}: the largest of measured ÷ expected"
    )
