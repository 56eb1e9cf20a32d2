"""One HTML page that needs nothing else, of whatever results there are in a folder, the benchmark's among them.

python loadtests/experiments/report.py loadtests/results
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from loadtests.bench import report as bench  # noqa: E402 (the search path comes first)
from loadtests.experiments import judge  # noqa: E402
from loadtests.experiments.balance import Run  # noqa: E402
from loadtests.experiments.catalogue import EXPERIMENTS, Experiment  # noqa: E402
from loadtests.experiments.results import Result, read  # noqa: E402

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h2 { margin-top: 3rem; border-bottom: 1px solid #ccc }
img { max-width: 100%; height: auto; display: block; margin: 1rem 0 }
.table { overflow-x: auto }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; margin: 1rem 0 }
th, td { padding: .2rem .6rem; border-bottom: 1px solid #ddd; text-align: right; white-space: nowrap }
th:first-child, td:first-child, .text { text-align: left }
.wrong { background: #fde7d9; font-weight: 600 }
pre { background: #f5f5f5; padding: 1rem; overflow-x: auto; font-size: .8rem }
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ringmaster: experiments</title>
<style>{style}</style>
</head>
<body>
<h1>Ringmaster: experiments</h1>
<nav><ul>
{contents}
</ul></nav>
{sections}
</body>
</html>
"""
_BALANCE = (
    *("strategy", "request hash", "N", "requests", "failures", "mean", "max", "min", "standard deviation"),
    *("max/mean", "predicted max/mean", "chi square", "degrees", "p", "requests per second"),
)
_ENDPOINTS = ("side", "request", "expected", "answered", "ms")
_FAULTS = ("fault", "victim", "at (s)", "off the ring (s)", "N serve again (s)", "replacement")


def write_report(folder: Path) -> Path:
    """Of all experiments that have a result there, and the benchmark."""
    found = [experiment for experiment in EXPERIMENTS.values() if (folder / experiment.name / "result.json").exists()]
    titles = {experiment.name: experiment.title for experiment in found}
    sections = [section(folder / experiment.name, experiment) for experiment in found]
    benchmark = folder / "bench" / "bench.json"
    if benchmark.exists():
        titles["bench"] = "Benchmark"
        sections.append(f'<section id="bench">\n{bench.section(json.loads(benchmark.read_text()))}\n</section>')
    contents = "\n".join(f'<li><a href="#{name}">{escape(title)}</a></li>' for name, title in titles.items())
    report = folder / "report.html"
    report.write_text(_PAGE.format(style=_STYLE, contents=contents, sections="\n".join(sections)))
    return report


def section(folder: Path, experiment: Experiment) -> str:
    result = read(folder)
    pictures = (f'<img alt="{escape(path.stem)}" src="{_inline(path)}">' for path in sorted(folder.glob("*.svg")))
    return "\n".join(
        [
            f'<h2 id="{experiment.name}">{escape(experiment.title)}</h2>',
            f"<p>{escape(experiment.question)}</p>",
            *([] if result.is_complete else [f'<p class="wrong">{escape(result.status)}: {escape(result.reason)}</p>']),
            *pictures,
            *_tables(result),
            "<details><summary>How to repeat it</summary>",
            f"<pre>{escape(json.dumps(result.provenance, indent=1))}</pre></details>",
        ]
    )


def _tables(result: Result) -> Iterable[str]:
    if result.runs:
        yield table(_BALANCE, [(_balance(run), bool(judge.of_run(run, asked=run.requests))) for run in result.runs])
    if line := result.timeline:
        faults = [
            (f.name, f.victim, f"{f.at:.1f}", _seconds(f.off_ring), _seconds(f.whole), f.replacement)
            for f in line.faults
        ]
        yield table(_FAULTS, [(row, False) for row in faults])
        calls = [
            ((c.side, c.request, c.expected, c.status, f"{c.milliseconds:.0f}"), not c.is_as_expected)
            for c in line.endpoints
        ]
        yield table(_ENDPOINTS, calls)


def _balance(run: Run) -> tuple[object, ...]:
    spread = run.spread
    return (
        *(run.strategy, run.request_hash, run.n, run.requests, run.failures, f"{spread.mean:.1f}", spread.highest),
        *(spread.lowest, f"{spread.deviation:.1f}", f"{spread.max_over_mean:.4f}"),
        *(f"{spread.predicted_max_over_mean:.4f}", f"{spread.fit.statistic:.2f}", spread.fit.degrees),
        *(f"{spread.fit.p:.3g}", f"{run.requests / run.seconds:.0f}"),
    )


def table(columns: Sequence[str], rows: Sequence[tuple[Sequence[object], bool]]) -> str:
    """Rows with whether something is wrong with them."""
    texts = [[str(value) for value in row] for row, _ in rows]
    classes = [_class([row[place] for row in texts]) for place in range(len(columns))]
    head = _cells("th", classes, columns)
    body = "\n".join(
        f"<tr{' class=wrong' if is_wrong else ''}>{_cells('td', classes, row)}</tr>"
        for row, (_, is_wrong) in zip(texts, rows, strict=True)
    )
    return f'<div class="table"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def _cells(tag: str, classes: Sequence[str], texts: Sequence[str]) -> str:
    return "".join(f"<{tag}{kind}>{escape(text)}</{tag}>" for kind, text in zip(classes, texts, strict=True))


def _class(column: Sequence[str]) -> str:
    return "" if all(map(_is_number, column)) else ' class="text"'


def _is_number(text: str) -> bool:
    """A missing one counts as one."""
    return text == "-" or text.replace(".", "").replace("-", "").replace("e", "").isdigit()


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _inline(picture: Path) -> str:
    """As an image of its own, for names inside of one picture mean nothing to the other."""
    return "data:image/svg+xml;base64," + base64.b64encode(picture.read_bytes()).decode()


if __name__ == "__main__":
    print(write_report(Path(sys.argv[1] if len(sys.argv) > 1 else "loadtests/results")))
