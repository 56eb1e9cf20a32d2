"""The experiments' plots. Colours are Okabe and Ito's, and nothing is told by colour alone."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from loadtests.drawing import OKABE_ITO, PALE, STYLE
from loadtests.experiments.balance import Run
from loadtests.experiments.catalogue import one_size
from loadtests.experiments.results import Result
from loadtests.experiments.timeline import Timeline
from loadtests.spread import interval

MEASURED, PREDICTED = OKABE_ITO["sky"], OKABE_ITO["vermillion"]
_LINES = [
    (OKABE_ITO[colour], marker)
    for colour, marker in zip(("blue", "orange", "green", "vermillion", "purple", "black"), "osD^vX", strict=True)
]
_THOUSANDS = FuncFormatter(lambda value, _: f"{value:,.0f}".replace(",", " "))


@rc_context(STYLE)
def figures(result: Result) -> dict[str, Figure]:
    """File name → plot, of what there is yet."""
    runs = result.runs
    if result.timeline:
        return {"timeline": time_line(result.timeline)}
    if not runs:
        return {}
    if result.experiment == "a-1":
        return {"shares": shares(runs[0])}
    if result.experiment == "a-2":
        return {"growth": growth(runs)}
    return {"shares": grid(one_size(runs)), "growth": lines(runs)}


def shares(run: Run) -> Figure:
    """A bar for every server, with its 95 % confidence interval, and what the ring had promised it."""
    figure = _figure(5.2, 3.4)
    axes = figure.subplots()
    _bars(axes, run)
    axes.set_title(f"{run.requests} requests, N = {run.n}, {run.strategy} with {run.request_hash}")
    axes.set_ylabel("requests")
    axes.set_xlabel("server")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3)
    for place, part in enumerate(run.parts):
        axes.annotate(
            f"{part.requests}\n{part.requests / run.requests:.1%}",
            (place, part.requests / 2),
            ha="center",
            va="center",
        )
    return figure


def growth(runs: Sequence[Run]) -> Figure:
    """The load of a server over N: the average beside the maximum, the deviation and their ratio."""
    figure = _figure(8.4, 3.4)
    load, ratio = figure.subplots(1, 2)
    sizes = [run.n for run in runs]
    series = {
        "maximum": [run.spread.highest for run in runs],
        "average": [run.spread.mean for run in runs],
        "minimum": [run.spread.lowest for run in runs],
        "standard deviation": [run.spread.deviation for run in runs],
    }
    for (name, values), (colour, marker) in zip(series.items(), _LINES, strict=False):
        load.plot(sizes, values, color=colour, marker=marker, label=name)
    load.set(title="Requests of a server", xlabel="N (servers)", ylabel="requests", ylim=(0, None))
    load.yaxis.set_major_formatter(_THOUSANDS)
    measured = [run.spread.max_over_mean for run in runs]
    ratio.plot(sizes, measured, color=MEASURED, marker="o", label="measured")
    predicted = [run.spread.predicted_max_over_mean for run in runs]
    ratio.plot(sizes, predicted, color=PREDICTED, marker="_", ls="--", label="predicted")
    ratio.set(title="Maximum over average (1 is even)", xlabel="N (servers)", ylabel="max/mean")
    ratio.set_ylim(0.9, max(1.2, 1.05 * max(*measured, *predicted)))  # chance does not look like imbalance
    for axes in (load, ratio):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend()
    return figure


def grid(runs: Sequence[Run]) -> Figure:
    """A-1 for every pair of strategy and hash, which have one size in common."""
    strategies, hashes = _axes_of(runs)
    figure = _figure(1.3 * len(hashes) + 1.0, 1.35 * len(strategies) + 0.9)
    panels = figure.subplots(len(strategies), len(hashes), sharey=True, squeeze=False)
    for run in runs:
        axes = panels[strategies.index(run.strategy)][hashes.index(run.request_hash)]
        _bars(axes, run, unit=100 / run.requests)
        axes.set_ylim(0, 100)
        ratio = f"max/mean {run.spread.max_over_mean:.2f}"
        axes.text(0.97, 0.97, ratio, transform=axes.transAxes, ha="right", va="top", fontsize=7)
        axes.tick_params(labelsize=7)
    for column, name in enumerate(hashes):
        panels[0][column].set_title(name, loc="center")
    for row, name in enumerate(strategies):
        panels[row][0].set_ylabel(f"{name}\n% of requests", fontsize=8)
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def lines(runs: Sequence[Run]) -> Figure:
    """A-2 for every pair: max/mean over N, a panel for each strategy, a line for each hash."""
    strategies, hashes = _axes_of(runs)
    figure = _figure(2.3 * len(strategies) + 0.4, 3.5)
    panels = figure.subplots(1, len(strategies), sharey=True, squeeze=False)[0]
    for axes, strategy in zip(panels, strategies, strict=True):
        for request_hash, (colour, marker) in zip(hashes, _LINES, strict=False):
            those = [run for run in runs if (run.strategy, run.request_hash) == (strategy, request_hash)]
            points = [run.n for run in those], [run.spread.max_over_mean for run in those]
            axes.plot(*points, color=colour, marker=marker, markersize=4, lw=1.2, label=request_hash)
        axes.axhline(1, color=PALE, zorder=0)
        axes.set(title=strategy, xlabel="N (servers)")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].set_ylabel("max/mean (1 is even)")
    panels[0].set_ylim(0.9, None)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(hashes), title="request hash")
    return figure


def time_line(line: Timeline) -> Figure:
    """Requests and failures a second over the ring's members, with the faults."""
    spells = line.spells
    names = list(dict.fromkeys(name for name, _, _ in spells))
    figure = _figure(9.0, 3.6 + 0.22 * len(names))
    rate, failures, ring = figure.subplots(
        3, 1, sharex=True, gridspec_kw={"height_ratios": [2.2, 1, 0.5 + 0.16 * len(names)]}
    )
    whole = line.seconds[1:-1]  # the first and the last second are cut
    at = [second.at for second in whole]
    answers = [sum(second.servers.values()) for second in whole]
    rate.step(at, answers, where="post", color=OKABE_ITO["blue"])
    rate.set(
        ylabel="answers/s", ylim=(0, 2 * max(answers, default=1))
    )  # with room for the faults' names above the curve
    slowest = line.latency["max"] / 1000
    rate.set_title(f"{line.requests} requests, {line.failures} failed, the slowest answered after {slowest:.1f} s")
    failures.bar(at, [second.failures for second in whole], width=1, align="edge", color=OKABE_ITO["vermillion"])
    failures.set(ylabel="failures/s", ylim=(0, max([1, *(second.failures for second in whole)])))
    failures.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=3))
    for name, since, until in spells:
        ring.barh(names.index(name), until - since, left=since, height=0.6, color=OKABE_ITO["green"])
    ring.set_yticks(range(len(names)), names)
    ring.invert_yaxis()
    ring.set(ylabel="on the ring", xlabel="seconds")
    for fault in line.faults:
        for axes in (rate, failures, ring):
            axes.axvline(fault.at, color=OKABE_ITO["black"], lw=0.8, ls=":")
        rate.annotate(
            "\n".join(filter(None, (fault.name, fault.victim if fault.victim not in fault.name else ""))),
            (fault.at, 0.97),
            xycoords=("data", "axes fraction"),
            rotation=90,
            fontsize=7,
            ha="right",
            va="top",
        )
    return figure


def _bars(axes: Axes, run: Run, unit: float = 1.0) -> None:
    """`unit`: what one request counts."""
    places = range(run.n)
    counts = [part.requests * unit for part in run.parts]
    ends = [interval(part.requests, run.requests) for part in run.parts]
    scale = run.requests * unit
    errors = [
        [count - low * scale for count, (low, _) in zip(counts, ends, strict=True)],
        [high * scale - count for count, (_, high) in zip(counts, ends, strict=True)],
    ]
    label = "measured, with 95 % confidence"
    axes.bar(places, counts, yerr=errors, error_kw={"capsize": 3, "lw": 1}, color=MEASURED, width=0.7, label=label)
    promised = [part.share * scale for part in run.parts]
    axes.hlines(
        promised,
        [place - 0.45 for place in places],
        [place + 0.45 for place in places],
        color=PREDICTED,
        ls="--",
        lw=1.5,
        label="predicted from the ring",
    )
    axes.set_xticks(places, [part.server for part in run.parts])
    axes.yaxis.set_major_formatter(_THOUSANDS)


def _axes_of(runs: Sequence[Run]) -> tuple[list[str], list[str]]:
    """Strategies and request hashes, in the order in which they came."""
    return list(dict.fromkeys(run.strategy for run in runs)), list(dict.fromkeys(run.request_hash for run in runs))


def _figure(width: float, height: float) -> Figure:
    """In inches."""
    return Figure(figsize=(width, height), layout="constrained")
