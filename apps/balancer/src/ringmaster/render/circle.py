"""The ring as a circle of characters: slot 0 is at the top, and slots go clockwise. It is made of half-blocks where
colours tell the servers apart, and of letters otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text

from ringmaster.render.palette import MOST_BY_COLOUR, NOBODY, Mark

_HOLE = 0.58
"""The inner radius as a part of the outer one."""
_OUTSIDE = 1.5
"""How far outside the circle virtual servers are."""
_POINT = "•"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """`owners`: slot → hostname, empty for nobody. `points`: hostname → its virtual servers, as parts of the circle.
    `columns`: the diameter; half as many lines are drawn. `middle`: what stands in the hole."""

    owners: Sequence[str]
    marks: Mapping[str, Mark]
    points: Mapping[str, Sequence[float]]
    columns: int
    middle: Sequence[str] = ()

    def drawn(self, *, has_colour: bool) -> Text:
        is_of_blocks = has_colour and len(self.marks) <= MOST_BY_COLOUR
        cells = self._coloured() if is_of_blocks else self._lettered(has_colour=has_colour)
        lines = [list(line) for line in cells]
        self._write_middle(lines)
        return Text("\n").join(Text.assemble(*line, no_wrap=True) for line in lines)

    @property
    def _radius(self) -> float:
        return self.columns / 2 - (_OUTSIDE + 0.5 if self.points else 0)

    def _coloured(self) -> Iterator[Iterator[tuple[str, Style]]]:
        """Each character has an upper and a lower half of its own colour. Halves are about as wide as high."""
        around = self._around(height=1)
        for line in range(self.columns // 2):
            yield (
                _halves(self._colour(x, 2 * line, around), self._colour(x, 2 * line + 1, around))
                for x in range(self.columns)
            )

    def _lettered(self, *, has_colour: bool) -> Iterator[Iterator[tuple[str, Style]]]:
        around = self._around(height=2)
        styles = {mark.letter: mark.style for mark in self.marks.values()} if has_colour else {}
        for line in range(self.columns // 2):
            letters = (self._letter(x, line, around) for x in range(self.columns))
            yield ((letter, styles.get(letter, Style.null())) for letter in letters)

    def _colour(self, x: int, y: int, around: Mapping[tuple[int, int], str]) -> str | None:
        owner = around.get((x, y)) or self._owner(x + 0.5, y + 0.5)
        if owner is None:
            return None
        return self.marks[owner].colour if owner in self.marks else "#444444"

    def _letter(self, x: int, line: int, around: Mapping[tuple[int, int], str]) -> str:
        if point := around.get((x, line)):
            return _POINT if len(self.marks) > MOST_BY_COLOUR else self.marks[point].letter.lower()
        owner = self._owner(x + 0.5, 2 * line + 1)
        if owner is None:
            return " "
        return self.marks[owner].letter if owner in self.marks else NOBODY

    def _owner(self, x: float, y: float) -> str | None:
        """Who owns the slot at this place; None beside the ring."""
        right, up = x - self.columns / 2, self.columns / 2 - y
        distance = math.hypot(right, up)
        if not self._radius * _HOLE <= distance <= self._radius:
            return None
        turn = math.atan2(right, up) / math.tau % 1
        return self.owners[min(int(turn * len(self.owners)), len(self.owners) - 1)]

    def _around(self, *, height: int) -> dict[tuple[int, int], str]:
        """place → the server that has a virtual server there, outside the ring."""
        centre, radius = self.columns / 2, self._radius + _OUTSIDE
        return {
            (
                int(centre + radius * math.sin(math.tau * part)),
                int((centre - radius * math.cos(math.tau * part)) / height),
            ): hostname
            for hostname, parts in self.points.items()
            for part in parts
            if hostname in self.marks
        }

    def _write_middle(self, lines: list[list[tuple[str, Style]]]) -> None:
        room = int(2 * self._radius * _HOLE) - 2
        first = len(lines) // 2 - len(self.middle) // 2
        for at, text in enumerate(self.middle):
            if len(text) <= room:
                begin = (self.columns - len(text)) // 2
                for place, letter in enumerate(text):
                    lines[first + at][begin + place] = (letter, Style.null())


def _halves(upper: str | None, lower: str | None) -> tuple[str, Style]:
    if upper is None and lower is None:
        return " ", Style.null()
    if upper is None:
        return "▄", Style(color=lower)
    return "▀", Style(color=upper, bgcolor=lower)
