"""Draws docs/figures from what the code itself computes. The same figures, to the byte, wherever it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

import matplotlib as mpl  # noqa: E402 (the search path comes first)
from matplotlib.figure import Figure  # noqa: E402

from loadtests.drawing import STYLE, svg  # noqa: E402
from loadtests.ring import load_figures, slot_figures  # noqa: E402
from loadtests.scale import figure as scale_figure  # noqa: E402

FOLDER = PROJECT / "docs" / "figures"

FIGURES: dict[str, Callable[[], Figure]] = {
    "rings-3": partial(slot_figures.rings, 3),
    "rings-6": partial(slot_figures.rings, 6),
    "shares": load_figures.server_shares,
    "growth": load_figures.growth,
    "moves": slot_figures.moves,
    "walk": slot_figures.walk,
    "request-hash": load_figures.request_hash,
    "bounded-load": load_figures.bounded,
    "scale": scale_figure.rest,
}
"""Name of the file → what draws it."""


def drawn(name: str) -> str:
    """The figure as SVG."""
    with mpl.rc_context(STYLE):
        return svg(FIGURES[name]())


def main() -> None:
    for name in FIGURES:
        path = FOLDER / f"{name}.svg"
        path.write_text(drawn(name), encoding="utf-8")
        print(path.relative_to(PROJECT))


if __name__ == "__main__":
    main()
