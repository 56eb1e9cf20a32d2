"""Figures of load: which server gets how much, how it grows with the fleet, and what a bound makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from balancer.core.bounded_load import cap
from balancer.core.request_hash import REQUEST_HASHES, slot_shares
from balancer.core.strategies import Course, Maglev, Ring, Table
from loadtests.drawing import OKABE_ITO, stroke
from loadtests.ring.arcs import shares
from loadtests.ring.bound import BOUNDS, IN_FLIGHT, SERVERS, load
from loadtests.ring.contest import Contestant, Modulo, ours
from loadtests.ring.quality import of_sets

MEAN: dict[str, Any] = {"color": OKABE_ITO["black"], "linewidth": 0.9, "linestyle": "--"}


def request_hash() -> Figure:
    """What part of all requests each slot gets, under H and under CRC-32."""
    figure = Figure(figsize=(9, 3.2))
    for place, (name, title) in enumerate((("course", "H(i) = i² + 2i + 17"), ("crc32", "CRC-32")), 1):
        axes = figure.add_subplot(1, 2, place)
        parts = slot_shares(REQUEST_HASHES[name], 512)
        hit = [slot for slot, part in enumerate(parts) if part]
        bars = [[(slot + 0.5, 0), (slot + 0.5, 100 * parts[slot])] for slot in hit]
        stroke(axes, bars, colour=OKABE_ITO["blue"], width=0.8)
        axes.set(xlim=(0, 512), xticks=range(0, 513, 128), ylim=(0, 7), xlabel="slot", ylabel="% of all requests")
        axes.set_title(f"{title}: {len(hit)} of 512 slots are hit, the busiest by {100 * max(parts):.2f} %")
    figure.subplots_adjust(0.06, 0.15, 0.98, 0.9, 0.18)
    return figure


def server_shares() -> Figure:
    """Six new servers under each strategy."""
    contestants = [
        ours(Table()),
        ours(Maglev()),
        ours(Ring(slots=4096), name="ring, M = 4096"),
        ours(Ring(), name="ring, M = 512"),
        ours(Ring(points="slots"), name="ring, 9 on slots"),
        ours(Course(), name="course, CRC-32", request_hash="crc32"),
        ours(Course(), name="course, H"),
    ]
    figure = Figure(figsize=(9, 3))
    for place, contestant in enumerate(contestants, 1):
        axes = figure.add_subplot(1, len(contestants), place)
        parts = shares(contestant.make(range(1, 7)).arcs())
        _bars(axes, [100 * parts.get(server, 0) for server in range(1, 7)], mean=100 / 6, top=85)
        axes.set_title(f"{contestant.name}\np2m {6 * max(parts.values()):.2f}", fontsize=8)
    _label(figure, "% of all requests")
    figure.subplots_adjust(0.06, 0.1, 0.995, 0.87, 0.16)
    return figure


FLEETS = (2, 3, 4, 6, 10, 16, 32)


def growth() -> Figure:
    """p2m, and what moves when one more joins, as the fleet grows: medians of a few random fleets."""
    figure = Figure(figsize=(9, 3.8))
    lines: list[tuple[Contestant, int, str, str]] = [
        (ours(Modulo(), name="key mod N"), 1, "black", "x"),
        (ours(Course(), name="course, H"), 5, "vermillion", "v"),
        (ours(Ring(points="slots"), name="ring, 9 on slots"), 5, "purple", "D"),
        (ours(Ring(), name="ring, M = 512"), 3, "orange", "s"),
        (ours(Ring(slots=4096), name="ring, M = 4096"), 3, "green", "^"),
        (ours(Maglev(slots=4096), name="maglev, M = 4096"), 1, "sky", "o"),
        (ours(Table(), name="table, M = 512"), 1, "blue", "."),
    ]
    left, right = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)
    for contestant, sets, colour, marker in lines:
        qualities = [of_sets(contestant, servers, sets) for servers in FLEETS]
        look: dict[str, Any] = {"color": OKABE_ITO[colour], "marker": marker, "markersize": 4.5, "linewidth": 1.1}
        left.plot(FLEETS, [median(one.p2m for one in some) for some in qualities], **look)
        moved = [
            100 * median(one.add for one in some) * contestant.least_share(servers)
            for servers, some in zip(FLEETS, qualities, strict=True)
        ]
        right.plot(FLEETS, moved, label=contestant.name, **look)
    left.set(yscale="log", yticks=(1, 1.5, 2, 3, 4), yticklabels=("1", "1.5", "2", "3", "4"), xlabel="N")
    left.minorticks_off()
    left.set_title("p2m: the busiest server's load ÷ the mean")
    right.set(xlabel="N", ylim=(0, 100))
    right.set_title("% of all requests that move when one joins N servers")
    right.legend(loc="center right", fontsize=8)
    figure.subplots_adjust(0.05, 0.12, 0.99, 0.92, 0.12)
    return figure


def bounded() -> Figure:
    """Ten servers and keys that many ask for: where the requests in flight are."""
    figure = Figure(figsize=(9, 3))
    for place, (title, bound) in enumerate(BOUNDS.items(), 1):
        axes = figure.add_subplot(1, len(BOUNDS), place)
        found = load(Table(), bound)
        _bars(axes, found.in_flight, mean=IN_FLIGHT / SERVERS, top=30)
        if bound:
            highest = cap(bound, weight=1, total_weight=SERVERS, in_flight=IN_FLIGHT - 1)
            axes.axhline(highest, color=OKABE_ITO["vermillion"], linewidth=0.9)
            axes.text(0.5, highest + 0.4, f"cap {highest}", color=OKABE_ITO["vermillion"], fontsize=8)
        axes.set_title(f"{title}: p2m {found.peak:.2f}, {found.away:.0%} away from home", fontsize=8.5)
    _label(figure, "requests in flight, mean")
    figure.subplots_adjust(0.06, 0.1, 0.995, 0.9, 0.08)
    return figure


def _bars(axes: Axes, heights: Sequence[float], *, mean: float, top: float) -> None:
    """A bar for each server, and the mean across them."""
    numbers = range(1, len(heights) + 1)
    axes.bar(numbers, heights, color=OKABE_ITO["blue"])
    axes.axhline(mean, **MEAN)
    axes.set(ylim=(0, top), xticks=numbers, xticklabels=[f"S{number}" for number in numbers])
    axes.tick_params(axis="x", labelsize=7, length=0)


def _label(figure: Figure, unit: str) -> None:
    """The unit beside the first of several plots of one scale."""
    first, *others = figure.axes
    first.set_ylabel(unit)
    for axes in others:
        axes.set_yticklabels([])
