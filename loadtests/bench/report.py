"""A result as Markdown for the terminal and as a section of an HTML page. Everything comes from the document alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import product
from statistics import median
from typing import Any

from loadtests.bench import chart
from loadtests.bench.figures import BASE, MEASURES, Estimate, judged, names, ratio, typical
from loadtests.bench.latency import BESIDE, COMPARED, PERCENTILES, SHARES, LatencyRun, added
from loadtests.bench.result import MEASURED, latencies_of, runs_of, threads_of
from loadtests.bench.threads import growth
from loadtests.table import Table


def markdown(document: Mapping[str, Any]) -> str:
    lines = [*(table.markdown() for table in _tables(document)), *(f"{note}\n" for note in _notes(document))]
    return "\n".join([*lines, *(f"- {line}" for line in judged(runs_of(document))), ""])


def section(document: Mapping[str, Any]) -> str:
    """An HTML fragment; every text in it is escaped."""
    notes = [f"<p>{escape(note)}</p>" for note in _notes(document)]
    targets = [f"<li>{escape(line)}</li>" for line in judged(runs_of(document))]
    tables = [table.html() for table in _tables(document)]
    return "\n".join([*notes, *tables, "<ul>", *targets, "</ul>"])


def _tables(document: Mapping[str, Any]) -> Iterator[Table]:
    yield _throughput(document)
    if latencies := latencies_of(document):
        title = "Latency at a fixed rate, from when a request was due: what each adds to that of one server, in ms"
        yield Table(title, "requests/s", dict(_latency_rows(document, latencies)))
    if threads := threads_of(document):
        counts = sorted({run.threads for run in threads})
        rows = {
            str(count): {
                "requests/s": f"{median(run.throughput for run in threads if run.threads == count):.0f}",
                "÷ one thread": str(growth(threads, count)),
                "CPU µs/request": f"{median(run.cpu_per_request for run in threads if run.threads == count) * 1e6:.1f}",
            }
            for count in counts
        }
        yield Table("The edge over its threads", "threads", rows)


def _latency_rows(document: Mapping[str, Any], latencies: list[LatencyRun]) -> Iterator[tuple[str, dict[str, str]]]:
    """The bare server has its own in its row."""
    for share, name in product(SHARES, (*COMPARED, BESIDE)):
        own = [run for run in latencies if run.contestant == name and run.share == share]
        if not own:
            continue
        figures: dict[str, Estimate | None] = {
            percentile: Estimate.of([run.milliseconds(percentile) for run in own])
            if name == BESIDE
            else added(latencies, name, share, percentile)
            for percentile in PERCENTILES
        }
        title = f"{own[0].rate} ({share} %): {document['contestants'][name]['title']}"
        yield title, {percentile: str(found or "—") for percentile, found in figures.items()}


def _throughput(document: Mapping[str, Any]) -> Table:
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
        "these: then requests per second are theirs as well, but not CPU time."
    )
    if latencies := latencies_of(document):
        late = median(run.late_us for run in latencies if run.contestant == BESIDE) / 1e3
        yield (
            "Rates of latencies are parts of the capacity of the slowest of those compared, as the rounds without "
            "pauses have it, and the same for all. Each figure is the median of the rounds: the contestant's less the "
            "bare server's in the same round. A request that is due while others wait counts from then on. The load "
            f"generator itself was {late:.2f} ms late with one of a hundred requests."
        )
    if threads_of(document):
        yield (
            f"Threads: each has a core of the {_cores(document)} that the machine has. Load generator and servers keep "
            "theirs, so from as many threads as cores on they share one with the edge."
        )
    titles: dict[str, list[str]] = {}
    for one in document["contestants"].values():
        titles.setdefault(one["note"], []).append(one["title"])
    yield " ".join(f"{' and '.join(those)}: {note}" for note, those in titles.items())
    for name, why in document["left_out"].items():
        yield f"{name} is left out: {why}"
    yield "Versions: " + "; ".join(f"{name}: {version}" for name, version in document["versions"].items()) + "."
    if faulty := [_fault(run) for kind in MEASURED for run in document[kind] if run["faults"]]:
        yield "FAULTS, which make the run void: " + "; ".join(faulty)


def _fault(run: Mapping[str, Any]) -> str:
    kinds = ", ".join(f"{n} {kind}" for kind, n in run["faults"].items())
    return f"{run.get('contestant', 'edge')} in round {run['round']}: {kinds}"


def _cores(document: Mapping[str, Any]) -> int:
    return int(document["settings"]["cores"][0]) + 1
