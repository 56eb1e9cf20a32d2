"""A table that fits a terminal: columns that have no room are left out whole, because half a figure tells nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from ringmaster.render import words

_ANY_WIDTH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """Columns are figures, but for those in `left`. `spare`: those that may be left out, the first one first."""

    columns: Sequence[str]
    spare: Sequence[str]
    left: Sequence[str] = ("server",)
    rows: list[tuple[str | Text, ...]] = field(default_factory=list)

    def add_row(self, *cells: str | Text) -> None:
        self.rows.append(cells)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = options.update(width=_ANY_WIDTH)
        table = self._without(())
        for count in range(1, len(self.spare) + 1):
            if Measurement.get(console, room, table).maximum <= options.max_width:
                break
            table = self._without(self.spare[:count])
        yield table

    def _without(self, absent: Sequence[str]) -> Table:
        places = [place for place, column in enumerate(self.columns) if column not in absent]
        made = words.table(*(self.columns[place] for place in places), left=self.left)
        for row in self.rows:
            made.add_row(*(row[place] for place in places))
        return made
