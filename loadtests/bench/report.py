"""A result as Markdown for the terminal and as a section of an HTML page. Everything comes from the document alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from loadtests.bench import chart
from loadtests.bench.figures import BASE, MEASURES, Run, names, ratio, spread
from loadtests.bench.result import runs_of
from loadtests.ring.markdown import table

_NAME = re.compile(r'(\bid="|url\(#|href="#)')


def markdown(document: Mapping[str, Any]) -> str:
    rows = _rows(document)
    lines = [table(_title(document), rows, first="contestant"), *(f"{note}\n" for note in _notes(document))]
    return "\n".join([*lines, *(f"- {line}" for line in _targets(document)), ""])


def section(document: Mapping[str, Any]) -> str:
    """An HTML fragment with its chart inside; every text in it is escaped."""
    rows = _rows(document)
    columns = list(next(iter(rows.values())))
    head = "".join(f"<th>{escape(column)}</th>" for column in ("contestant", *columns))
    body = "\n".join(
        f"<tr><th>{escape(title)}</th>" + "".join(f"<td>{escape(row[column])}</td>" for column in columns) + "</tr>"
        for title, row in rows.items()
    )
    return "\n".join(
        [
            f"<h2>{escape(_title(document))}</h2>",
            *(f"<p>{escape(note)}</p>" for note in _notes(document)),
            f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>',
            "<ul>",
            *(f"<li>{escape(line)}</li>" for line in _targets(document)),
            "</ul>",
            # Other drawings on the page have the same short names inside.
            _NAME.sub(r"\1bench-", chart.svg_of(document)),
        ]
    )


def _title(document: Mapping[str, Any]) -> str:
    settings = document["settings"]
    return (
        f"Benchmark: {settings['rounds']} rounds of {settings['seconds']} s, {settings['connections']} connections, "
        f"{settings['keys']} keys, {settings['servers']} servers"
    )


def _rows(document: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Title → column → cell; figures are medians, ratios medians of pairs with the least and the most."""
    runs = runs_of(document)
    return {
        document["contestants"][name]["title"]: {
            "requests/s": f"{spread(runs, name, MEASURES['throughput'].of).median:.0f}",
            "p50 ms": f"{spread(runs, name, MEASURES['p50'].of).median / 1e3:.2f}",
            "p99 ms": f"{spread(runs, name, MEASURES['p99'].of).median / 1e3:.2f}",
            "CPU µs/request": f"{spread(runs, name, _cpu_us).median:.1f}",
            "in the kernel": f"{spread(runs, name, _kernel_us).median:.1f}",
            "busy": f"{spread(runs, name, _busy).median:.0%}",
            **{f"{MEASURES[measure].title} ÷ {BASE}": str(ratio(runs, measure, name)) for measure in chart.SHOWN},
        }
        for name in names(runs)
    }


def _notes(document: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"Ratios are medians of the rounds, with the least and the most: each round's figure over {BASE}'s in the same "
        "round. Contestants run on one core, one at a time; load generator and servers have the others. Who is not "
        "busy all the time waited for these: then requests per second and latency are theirs as well, but not CPU time."
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


def _targets(document: Mapping[str, Any]) -> list[str]:
    return [
        f"{target['promise']}: {target['measured']:.2f}: {'met' if target['met'] else 'MISSED'}"
        for target in document["targets"]
    ]


def _cpu_us(run: Run) -> float:
    return run.cpu_seconds / run.requests * 1e6


def _kernel_us(run: Run) -> float:
    return run.kernel_seconds / run.requests * 1e6


def _busy(run: Run) -> float:
    """The part of its one core that it used: below 1 it waited for the load generator or for the servers."""
    return run.cpu_seconds / run.seconds
