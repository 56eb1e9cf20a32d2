"""A result as Markdown for the terminal and as a section of an HTML page. Everything comes from the document alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from loadtests.bench import chart
from loadtests.bench.figures import BASE, MEASURES, Run, judged, names, ratio, typical
from loadtests.bench.result import runs_of
from loadtests.table import Table


def markdown(document: Mapping[str, Any]) -> str:
    lines = [_table(document).markdown(), *(f"{note}\n" for note in _notes(document))]
    return "\n".join([*lines, *(f"- {line}" for line in judged(runs_of(document))), ""])


def section(document: Mapping[str, Any]) -> str:
    """An HTML fragment; every text in it is escaped."""
    notes = [f"<p>{escape(note)}</p>" for note in _notes(document)]
    targets = [f"<li>{escape(line)}</li>" for line in judged(runs_of(document))]
    return "\n".join([*notes, _table(document).html(), "<ul>", *targets, "</ul>"])


def _table(document: Mapping[str, Any]) -> Table:
    settings = document["settings"]
    title = (
        f"Benchmark: {settings['rounds']} rounds of {settings['seconds']} s, {settings['connections']} connections, "
        f"{settings['keys']} keys, {settings['servers']} servers"
    )
    return Table(title, "contestant", _rows(document))


def _rows(document: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Title → column → cell; figures are medians, ratios medians of pairs with their 95 % interval."""
    runs = runs_of(document)
    return {
        document["contestants"][name]["title"]: {
            "requests/s": f"{typical(runs, name, MEASURES['throughput'].of):.0f}",
            "p50 ms": f"{typical(runs, name, MEASURES['p50'].of) / 1e3:.2f}",
            "p99 ms": f"{typical(runs, name, MEASURES['p99'].of) / 1e3:.2f}",
            "CPU µs/request": f"{typical(runs, name, lambda run: run.cpu_seconds / run.requests * 1e6):.1f}",
            "in the kernel": f"{typical(runs, name, lambda run: run.kernel_seconds / run.requests * 1e6):.1f}",
            # Of its one core: below 100 % it waited for the load generator or for the servers.
            "busy": f"{typical(runs, name, lambda run: run.cpu_seconds / run.seconds):.0%}",
            **{f"{MEASURES[measure].title} ÷ {BASE}": str(ratio(runs, measure, name)) for measure in chart.SHOWN},
        }
        for name in names(runs)
    }


def _notes(document: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"Ratios are medians of the rounds, each round's figure over {BASE}'s in the same round, with the median's 95 "
        "% interval (by order statistics). A target is undecided where the interval contains it. Contestants run on "
        "one core, one at a time; load generator and servers have the others. Who is not busy all the time waited for "
        "these: then requests per second and latency are theirs as well, but not CPU time."
    )
    titles: dict[str, list[str]] = {}
    for one in document["contestants"].values():
        titles.setdefault(one["note"], []).append(one["title"])
    yield " ".join(f"{' and '.join(those)}: {note}" for note, those in titles.items())
    yield "Versions: " + "; ".join(f"{name}: {version}" for name, version in document["versions"].items()) + "."
    if faulty := [run for run in runs_of(document) if run.faults]:
        yield "FAULTS, which make the run void: " + "; ".join(_fault(run) for run in faulty)


def _fault(run: Run) -> str:
    return f"{run.contestant} in round {run.round}: " + ", ".join(f"{n} {kind}" for kind, n in run.faults.items())
