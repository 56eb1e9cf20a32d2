"""The ratios as bars on a logarithmic axis, with their 95 % intervals; below them the targets' verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from loadtests.bench.figures import MEASURES, PER_CPU, Run, judged, names, ratio
from loadtests.bench.result import runs_of
from loadtests.drawing import OKABE_ITO, STYLE

SHOWN = (PER_CPU, "throughput", "p99")
_COLOURS = {"edge": OKABE_ITO["blue"], "edge-16k": OKABE_ITO["blue"], "flask": OKABE_ITO["sky"]}
_OTHERS = OKABE_ITO["orange"]


@rc_context(STYLE)
def drawn(document: Mapping[str, Any]) -> Figure:
    runs = runs_of(document)
    verdicts = judged(runs)
    figure = Figure(figsize=(10.5, 1 + 0.33 * len(names(runs)) + 0.16 * len(verdicts)), layout="constrained")
    panels = figure.subplots(1, len(SHOWN), sharey=True)
    for axes, measure in zip(panels, SHOWN, strict=True):
        _bars(axes, runs, measure)
    panels[0].set_yticks(range(len(names(runs))), [document["contestants"][name]["title"] for name in names(runs)])
    panels[0].invert_yaxis()
    figure.supxlabel("\n".join(verdicts), fontsize=8, x=0.01, horizontalalignment="left")
    return figure


def _bars(axes: Axes, runs: list[Run], measure: str) -> None:
    """From 1, which is HAProxy's own hash, to the median."""
    shown = MEASURES[measure]
    axes.set_title(f"{shown.title} ÷ HAProxy's hash\n({shown.better} is better)")
    axes.set_xscale("log")
    axes.axvline(1, color=OKABE_ITO["black"], linewidth=0.8)
    for row, name in enumerate(names(runs)):
        found = ratio(runs, measure, name)
        if found is None:
            continue
        least, most = found.interval or (found.median, found.median)
        axes.barh(row, found.median - 1, left=1, height=0.6, color=_COLOURS.get(name, _OTHERS))
        axes.plot([least, most], [row, row], color=OKABE_ITO["black"], linewidth=1.2)
        axes.annotate(
            f"{found.median:.2f}",
            (max(most, 1), row),
            xytext=(4, 0),
            textcoords="offset points",
            verticalalignment="center",
        )
    least, most = axes.get_xlim()
    axes.set_xlim(least, most * (most / least) ** 0.2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("")
    axes.tick_params(axis="y", length=0)
