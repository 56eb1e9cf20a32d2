"""A table of a result, as Markdown for pages and the terminal, and as HTML for the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from loadtests.ring import markdown


@dataclass(frozen=True, slots=True)
class Table:
    """`rows`: name → column → cell, under `first` for the names; in those that are `wrong` something is."""

    title: str
    first: str
    rows: Mapping[str, Mapping[str, str]]
    wrong: frozenset[str] = frozenset()

    def markdown(self) -> str:
        return markdown.table(self.title, self.rows, first=self.first)

    def html(self) -> str:
        columns = list(dict.fromkeys(column for row in self.rows.values() for column in row))
        head = "".join(f"<th>{escape(column)}</th>" for column in (self.first, *columns))
        body = "\n".join(
            f"<tr{' class=wrong' if name in self.wrong else ''}>"
            + "".join(f"<td>{escape(cell)}</td>" for cell in (name, *(row.get(column, "—") for column in columns)))
            + "</tr>"
            for name, row in self.rows.items()
        )
        table = f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
        return f'<h3>{escape(self.title)}</h3>\n<div class="table">{table}</div>'
