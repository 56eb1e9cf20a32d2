"""Figures of slots: who owns them under each strategy, which of them move, and where they walk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import ceil, cos, pi, sin
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Course, Maglev, Ring, Strategy, Table
from loadtests.drawing import OKABE_ITO, PALE, stroke
from loadtests.ring.contest import placed

SLOTS = 512
COLOURS = dict(enumerate((OKABE_ITO[name] for name in ("blue", "orange", "green", "vermillion", "sky", "purple")), 1))
"""Ring id → colour."""

STRATEGIES: dict[str, Strategy] = {
    "table": Table(slots=SLOTS),
    "maglev": Maglev(slots=SLOTS),
    "ring, 160 points a server": Ring(slots=SLOTS),
    "ring, 9 on slots": Ring(slots=SLOTS, points="slots"),
    "course": Course(slots=SLOTS),
}


def runs(owners: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(owner, first slot, slot after the last) of neighbours with one owner."""
    start = 0
    for owner, slots in groupby(owners):
        end = start + len(list(slots))
        yield owner, start, end
        start = end


def rings(servers: int) -> Figure:
    """Every strategy's slots as a ring, clockwise from the top; its virtual servers as ticks outside."""
    figure = Figure(figsize=(9, 6.3))
    everyone = range(1, servers + 1)
    for place, (name, strategy) in enumerate(STRATEGIES.items(), 1):
        axes = figure.add_subplot(2, 3, place, aspect="equal")
        table = placed(strategy, everyone)
        for owner, colour in COLOURS.items():
            arcs = [_arc(start, end) for who, start, end in runs(table.owners) if who == owner]
            stroke(axes, arcs, colour=colour, width=22)
            ticks = [_tick(point) for point in _points(strategy, everyone, owner)]
            stroke(axes, ticks, colour=colour, width=1)
        counts = table.counts()
        peak = max(counts.values()) * servers / SLOTS
        axes.text(0, 0, f"{name}\n{min(counts.values())} to {max(counts.values())} slots\np2m {peak:.2f}", **_CENTRED)
        axes.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25))
        axes.set_axis_off()
    axes = figure.add_subplot(2, 3, 6)
    axes.set_axis_off()
    for server in everyone:
        axes.text(0.35, 0.75 - 0.1 * server, f"■ S{server}", color=COLOURS[server], fontsize=12)
    axes.text(0.35, 0.78, f"{servers} servers, {SLOTS} slots", fontsize=10)
    figure.subplots_adjust(0, 0, 1, 1, 0, 0)
    return figure


_CENTRED: dict[str, Any] = {"horizontalalignment": "center", "verticalalignment": "center"}


def _points(strategy: Strategy, servers: Sequence[int], owner: int) -> list[float]:
    """Where the server's virtual servers sit, in slots."""
    if isinstance(strategy, Course):
        points = strategy.points([Member(server) for server in servers])
        return [slot for slot, server in points.items() if server == owner]
    if isinstance(strategy, Ring) and owner in servers:
        return [point * SLOTS / (1 << 64) for point in strategy.virtual_server_points(owner)]
    return []


def _on_circle(slot: float, radius: float) -> tuple[float, float]:
    angle = pi / 2 - 2 * pi * slot / SLOTS
    return radius * cos(angle), radius * sin(angle)


def _arc(start: int, end: int) -> list[tuple[float, float]]:
    """A vertex every few slots is round enough."""
    steps = ceil((end - start) / 6)
    return [_on_circle(start + (end - start) * step / steps, 0.93) for step in range(steps + 1)]


def _tick(slot: float) -> list[tuple[float, float]]:
    return [_on_circle(slot + 0.5, 1.09), _on_circle(slot + 0.5, 1.16)]


ROW = 64
"""Slots beside each other where 512 of them fill a field."""


def moves() -> Figure:
    """The same three servers under each strategy; then S4 joins, or S2 leaves: what moves is coloured, by new owner."""
    chosen = {name: STRATEGIES[name] for name in STRATEGIES if name != "ring, 9 on slots"}
    figure = Figure(figsize=(9, 5.6))
    for row, (name, strategy) in enumerate(chosen.items()):
        before = placed(strategy, (1, 2, 3))
        joined, left = placed(strategy, (1, 2, 3, 4), before), placed(strategy, (1, 3), before)
        titles = {
            f"{name}: three servers": before.owners,
            f"S4 joins: {before.moved(joined)} slots move; {SLOTS // 4} is fair": _what_moved(before, joined),
            f"S2 leaves: {before.moved(left)} slots move; it had {before.counts()[2]}": _what_moved(before, left),
        }
        for column, (title, owners) in enumerate(titles.items()):
            _field(figure.add_subplot(len(chosen), 3, 3 * row + column + 1), title, owners)
    _legend(figure, range(1, 5))
    figure.subplots_adjust(0.01, 0.07, 0.99, 0.95, 0.04, 0.45)
    return figure


def _what_moved(before: SlotTable, after: SlotTable) -> list[int]:
    return [now if now != was else 0 for was, now in zip(before.owners, after.owners, strict=True)]


def _field(axes: Axes, title: str, owners: Sequence[int]) -> None:
    """Rows of slots, the first at the top."""
    lines: dict[int, list[list[tuple[float, float]]]] = {}
    rows = len(owners) // ROW
    for row in range(rows):
        y = rows - row - 0.5
        for owner, start, end in runs(owners[row * ROW : (row + 1) * ROW]):
            lines.setdefault(owner, []).append([(start, y), (end, y)])
    if 0 in lines:
        lines[0] = [[(0, row + 0.5), (ROW, row + 0.5)] for row in range(rows)]
    for owner in sorted(lines):
        stroke(axes, lines[owner], colour=COLOURS.get(owner, PALE), width=6.6)
    axes.set(xlim=(0, ROW), ylim=(0, rows))
    axes.set_title(title)
    axes.set_axis_off()


def _legend(figure: Figure, servers: Sequence[int]) -> None:
    for place, server in enumerate(servers):
        figure.text(0.01 + 0.06 * place, 0.015, f"■ S{server}", color=COLOURS[server], fontsize=10)


WINDOW = 48
"""Slots beside each other where each can be read."""


def walk() -> Figure:
    """A few slots while all is well and while their owner is down."""
    figure = Figure(figsize=(9, 4.4))
    for place, (name, first, down) in enumerate((("table", 0, 2), ("course", 14, 1)), 1):
        axes = figure.add_subplot(2, 1, place)
        table = placed(STRATEGIES[name], (1, 2, 3))
        others = frozenset({1, 2, 3} - {down})
        during = table.among(others)
        _cells(axes, table.owners[first : first + WINDOW], 1.9)
        _cells(axes, during.owners[first : first + WINDOW], 0)
        for slot in range(first, first + WINDOW):
            if table.owners[slot] == down:
                living = next(there for there in range(slot, SLOTS) if table.owners[there] != down)
                _arrow(axes, slot - first, min(living - first, WINDOW))
        axes.text(-0.4, 2.4, "all well", verticalalignment="center", horizontalalignment="right")
        axes.text(-0.4, 0.5, f"S{down} down", verticalalignment="center", horizontalalignment="right")
        axes.set(xlim=(-5, WINDOW), ylim=(-0.1, 3))
        axes.set_axis_off()
        had, now = table.counts(), during.counts()
        gains = " and ".join(f"S{server} gets {now[server] - had[server]}" for server in sorted(others))
        axes.set_title(
            f"{name}, slots {first} to {first + WINDOW - 1} of {SLOTS}. Of all {had[down]} slots of S{down}, {gains}"
        )
    figure.subplots_adjust(0.01, 0.04, 0.99, 0.94, 0, 0.25)
    return figure


def _cells(axes: Axes, owners: Sequence[int], y: float) -> None:
    for server in sorted(set(owners)):
        cells = [slot for slot, owner in enumerate(owners) if owner == server]
        lines = [[(slot + 0.05, y + 0.5), (slot + 0.95, y + 0.5)] for slot in cells]
        stroke(axes, lines, colour=COLOURS[server], width=42)
        for slot in cells:
            ink = "black" if server == 2 else "white"
            axes.text(slot + 0.5, y + 0.47, str(server), color=ink, fontsize=9, **_CENTRED)


def _arrow(axes: Axes, start: int, end: int) -> None:
    """From a slot to the one that it walks on to."""
    bow = FancyArrowPatch(
        (start + 0.5, 1.86), (end + 0.3, 1.86), arrowstyle="->", connectionstyle="arc3,rad=0.35", mutation_scale=5,
        linewidth=0.7, shrinkA=0, shrinkB=0, clip_on=False,
    )  # fmt: skip
    axes.add_patch(bow)
