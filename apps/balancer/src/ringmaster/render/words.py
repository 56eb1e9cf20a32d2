"""Words and figures as all pictures write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

GOOD, POOR, BAD, DIM = "green", "yellow", "bold red", "dim"

_STATES = {"serving": GOOD, "silent": POOR, "down": BAD, "joining": "cyan", "spare": DIM, "leaving": DIM}
_FULL = "█"
_EIGHTHS = " ▏▎▍▌▋▊▉"
_UNITS = ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB"))


def plain(text: object) -> str:
    """The text with whatever could steer a terminal written out."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in str(text))


def line(*parts: str | tuple[str, str]) -> Text:
    """One line of texts, some with a style."""
    shown = [plain(part) if isinstance(part, str) else (plain(part[0]), part[1]) for part in parts]
    return Text.assemble(*shown)


def percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.1f}%"


def bar(share: float, width: int = 20) -> str:
    """A part of the whole, in eighths of a column."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    return (_FULL * (eighths // 8) + _EIGHTHS[eighths % 8]).strip()


def size(count: float) -> str:
    for unit, name in _UNITS:
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count:.0f} B"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def state(name: str) -> Text:
    return line((name, _STATES.get(name, "")))


def number(count: float, singular: str) -> str:
    return f"{count:g} {singular}" if count == 1 else f"{count:g} {singular}s"


def profile(document: Mapping[str, Any]) -> str:
    """A ring profile in one line."""
    parts = [f"{name}={value}" for name, value in document.items() if name != "strategy" and value is not None]
    return f"{document.get('strategy', '?')} ({', '.join(parts)})"


def table(*columns: str, left: Sequence[str] = ("server",)) -> Table:
    """An empty table without frames. Columns are figures, but for those in `left`."""
    made = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        made.add_column(column, justify="left" if column in left else "right", no_wrap=True, overflow="ellipsis")
    return made
