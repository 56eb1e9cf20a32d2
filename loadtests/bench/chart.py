"""The ratios as bars on a logarithmic axis, and the latencies that are added at a fixed rate, with their 95 %
intervals; below them the targets' verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from loadtests.bench.figures import MEASURES, PER_CPU, Estimate, Run, judged, names, ratio
from loadtests.bench.latency import BESIDE, LatencyRun, added
from loadtests.bench.result import latencies_of, runs_of
from loadtests.drawing import OKABE_ITO, STYLE

SHOWN = (PER_CPU, "throughput")
_SHARE = 50
_COLOURS = {
    "edge": OKABE_ITO["blue"],
    "edge-16k": OKABE_ITO["blue"],
    "edge-next": OKABE_ITO["blue"],
    "flask": OKABE_ITO["sky"],
}
_OTHERS = OKABE_ITO["orange"]


@rc_context(STYLE)
def drawn(document: Mapping[str, Any]) -> Figure:
    runs = runs_of(document)
    verdicts = judged(runs)
    figure = Figure(figsize=(10.5, 1 + 0.33 * len(names(runs)) + 0.16 * len(verdicts)), layout="constrained")
    latencies = latencies_of(document)
    panels = figure.subplots(1, len(SHOWN) + bool(latencies), sharey=True)
    for axes, measure in zip(panels, SHOWN, strict=False):
        _bars(axes, runs, measure)
    if latencies:
        _latencies(panels[-1], latencies, names(runs))
    panels[0].set_yticks(range(len(names(runs))), [document["contestants"][name]["title"] for name in names(runs)])
    panels[0].invert_yaxis()
    figure.supxlabel("\n".join(verdicts), fontsize=8, x=0.01, horizontalalignment="left")
    return figure


def _bars(axes: Axes, runs: list[Run], measure: str) -> None:
    """From 1, which is HAProxy's own hash, to the median."""
    shown = MEASURES[measure]
    axes.set_title(f"{shown.title}\n÷ HAProxy's hash (more is better)")
    axes.set_xscale("log")
    axes.axvline(1, color=OKABE_ITO["black"], linewidth=0.8)
    for row, name in enumerate(names(runs)):
        found = ratio(runs, measure, name)
        if found is None:
            continue
        _bar(axes, row, name, found, start=1)
    least, most = axes.get_xlim()
    axes.set_xlim(least, most * (most / least) ** 0.2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("")
    axes.tick_params(axis="y", length=0)


def _latencies(axes: Axes, latencies: list[LatencyRun], listed: list[str]) -> None:
    axes.set_title(f"added p99 latency at {_SHARE} %\nof capacity, ms (less is better)")
    for row, name in enumerate(listed):
        found = None if name == BESIDE else added(latencies, name, _SHARE, "p99")
        if found is not None:
            _bar(axes, row, name, found, start=0)
    axes.margins(x=0.2)
    axes.tick_params(axis="y", length=0)


def _bar(axes: Axes, row: int, name: str, found: Estimate, *, start: float) -> None:
    least, most = found.interval or (found.median, found.median)
    axes.barh(row, found.median - start, left=start, height=0.6, color=_COLOURS.get(name, _OTHERS))
    axes.plot([least, most], [row, row], color=OKABE_ITO["black"], linewidth=1.2)
    axes.annotate(
        f"{found.median:.2f}",
        (max(most, start), row),
        xytext=(4, 0),
        textcoords="offset points",
        verticalalignment="center",
    )
