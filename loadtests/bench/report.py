"""A result as Markdown for the terminal and as a section of an HTML page. Everything comes from the document alone."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from loadtests.bench import chart
from loadtests.bench.figures import BASE, MEASURES, Run, judged, names, ratio, typical
from loadtests.bench.result import runs_of
from loadtests.ring.markdown import table


def markdown(document: Mapping[str, Any]) -> str:
    lines = [table(_title(document), _rows(document), first="contestant"), *(f"{note}\n" for note in _notes(document))]
    return "\n".join([*lines, *(f"- {line}" for line in _targets(runs_of(document))), ""])


def section(document: Mapping[str, Any]) -> str:
    """An HTML fragment with its chart inside; every text in it is escaped."""
    rows = [{"contestant": title, **row} for title, row in _rows(document).items()]
    head, *body = ["".join(f"<th>{escape(column)}</th>" for column in rows[0])] + [
        "".join(f"<td>{escape(cell)}</td>" for cell in row.values()) for row in rows
    ]
    picture = b64encode(chart.svg_of(document).encode()).decode()
    return "\n".join(
        [
            f"<h2>{escape(_title(document))}</h2>",
            *(f"<p>{escape(note)}</p>" for note in _notes(document)),
            f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>',
            *(f"<tr>{row}</tr>" for row in body),
            "</tbody>\n</table></div>\n<ul>",
            *(f"<li>{escape(line)}</li>" for line in _targets(runs_of(document))),
            f'</ul>\n<img alt="bench" src="data:image/svg+xml;base64,{picture}"/>',
        ]
    )


def _title(document: Mapping[str, Any]) -> str:
    settings = document["settings"]
    return (
        f"Benchmark: {settings['rounds']} rounds of {settings['seconds']} s, {settings['connections']} connections, "
        f"{settings['keys']} keys, {settings['servers']} servers"
    )


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


def _targets(runs: Sequence[Run]) -> list[str]:
    return [_target(**target) for target in judged(runs)]


def _target(promise: str, measured: float, interval: tuple[float, float] | None, verdict: str) -> str:
    told = "too few rounds" if interval is None else "{:.2f} to {:.2f}".format(*interval)
    return f"{promise}: {measured:.2f} ({told}): {'MISSED' if verdict == 'missed' else verdict}"
