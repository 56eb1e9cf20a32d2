"""A Markdown table that reads well as plain text, too."""

from __future__ import annotations

from collections.abc import Mapping


def table(title: str, rows: Mapping[str, Mapping[str, str]], *, first: str) -> str:
    """`rows`: name → column → cell, a dash where there is none; `first` heads the names."""
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    lines = [[first, *columns], *([name, *(row.get(column, "—") for column in columns)] for name, row in rows.items())]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    head, *body = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([f"### {title}", "", head, rule, *body, ""])
