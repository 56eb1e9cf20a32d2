"""The figure of docs/fleet.md: what rest costs the balancer over N, from what was published of `make bench-scale`."""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib.figure import Figure

from loadtests.drawing import OKABE_ITO

PUBLISHED = Path(__file__).parents[1] / "published" / "scale.json"


def rest() -> Figure:
    """On 65 536 slots."""
    found = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    figure = Figure(figsize=(5, 3))
    axes = figure.add_subplot()
    points = {int(servers): 100 * cores for servers, cores in found.items()}
    axes.plot(list(points), list(points.values()), marker="o", color=OKABE_ITO["blue"])
    axes.set(xscale="log", xticks=[10, 100, 1000], xticklabels=["10", "100", "1000"], xlabel="N", ylabel="% of a core")
    axes.set_ylim(bottom=0)
    axes.minorticks_off()
    axes.set_title("the balancer at rest")
    figure.subplots_adjust(0.12, 0.16, 0.97, 0.9)
    return figure
