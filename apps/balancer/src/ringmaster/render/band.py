"""The ring as a band: slots from left to right, line by line. It shows each slot where there is room for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.style import Style
from rich.text import Text

from ringmaster.render.palette import MOST_BY_COLOUR, NOBODY, Mark

_MOST_LINES = 16
_BLOCK = "█"


def band(owners: Sequence[str], marks: Mapping[str, Mark], columns: int, *, has_colour: bool) -> Text:
    """One character for each slot, or for a stretch of them that is shown as whoever owns most of it."""
    stretch = max(1, -(-len(owners) // (columns * _MOST_LINES)))
    cells = [_most(owners[at : at + stretch]) for at in range(0, len(owners), stretch)]
    lines = [cells[at : at + columns] for at in range(0, len(cells), columns)]
    drawn = [[_cell(marks.get(owner), marks, has_colour=has_colour) for owner in line] for line in lines]
    return Text("\n").join(Text.assemble(*line, no_wrap=True) for line in drawn)


def _most(owners: Sequence[str]) -> str:
    return Counter(owners).most_common(1)[0][0]


def _cell(mark: Mark | None, marks: Mapping[str, Mark], *, has_colour: bool) -> tuple[str, Style]:
    if mark is None:
        return NOBODY, Style.null()
    if not has_colour:
        return mark.letter, Style.null()
    return (_BLOCK, Style(color=mark.colour)) if len(marks) <= MOST_BY_COLOUR else (mark.letter, mark.style)
