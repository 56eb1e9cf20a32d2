"""Rings as drawings with their legends, one of them or two side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ringmaster.render import words
from ringmaster.render.band import band
from ringmaster.render.circle import Circle
from ringmaster.render.palette import Mark, marks

_WIDEST = 56
_NARROWEST = 24
_GAP = 4
_LEGEND = 34
"""Columns of the legend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One ring to draw. `servers`: as in the answer of /ring or of a preview. `owners`: slot → hostname."""

    title: str
    profile: Mapping[str, Any]
    servers: Sequence[Mapping[str, Any]]
    owners: Sequence[str]
    points: Mapping[str, Sequence[float]] = field(default_factory=dict)


def drawing(pictures: Sequence[Picture], width: int, *, shape: str, has_colour: bool) -> RenderableType:
    """The pictures side by side where `width` columns are enough, otherwise one below the other. A server has the same
    colour in all of them. `shape`: circle or band."""
    names = dict.fromkeys(server["hostname"] for picture in pictures for server in picture.servers)
    colours = marks(names)
    beside = (width - _GAP * (len(pictures) - 1)) // len(pictures)
    is_wide = len(pictures) > 1 and beside >= _LEGEND
    room = beside if is_wide else width
    drawn = [_one(picture, colours, room, shape=shape, has_colour=has_colour) for picture in pictures]
    if not is_wide:
        return Group(*(part for one in drawn for part in (one, Text())))
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    for _ in drawn:
        grid.add_column(width=beside)
    grid.add_row(*drawn)
    return grid


def _one(picture: Picture, colours: Mapping[str, Mark], room: int, *, shape: str, has_colour: bool) -> Group:
    columns = min(room, _WIDEST) // 2 * 2
    if shape == "band" or columns < _NARROWEST:
        ring = band(picture.owners, colours, room, has_colour=has_colour)
    else:
        middle = (str(picture.profile.get("strategy", "")), f"{len(picture.owners)} slots")
        ring = Circle(
            owners=picture.owners, marks=colours, points=picture.points, columns=columns, middle=middle
        ).drawn(has_colour=has_colour)
    head = words.line((f"{picture.title}  ", "bold"), words.profile(picture.profile))
    head.no_wrap, head.overflow = True, "ellipsis"
    return Group(head, Text(), ring, Text(), _legend(picture, colours, has_colour=has_colour))


def _legend(picture: Picture, colours: Mapping[str, Mark], *, has_colour: bool) -> Table:
    shown = words.table("", "server", "slots", "share", " ", left=("", "server", " "))
    shown.show_header = False
    for server in picture.servers:
        mark = colours[server["hostname"]]
        swatch = Text(f" {mark.letter} ", style=mark.style) if has_colour else Text(mark.letter)
        state = server.get("state", "serving")
        shown.add_row(
            swatch,
            words.plain(server["hostname"]),
            f"{server['slots']} slots",
            words.percent(server["share"]),
            words.state(state) if state != "serving" else words.bar(server["share"], 10),
        )
    return shown
