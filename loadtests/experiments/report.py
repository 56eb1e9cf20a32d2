"""One HTML page that needs nothing else, of whatever results there are in a folder, the benchmark's among them.

python loadtests/experiments/report.py loadtests/results
"""

from __future__ import annotations

import base64
import json
import sys
from html import escape
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from loadtests.bench import report as bench  # noqa: E402 (the search path comes first)
from loadtests.experiments.catalogue import EXPERIMENTS, Experiment  # noqa: E402
from loadtests.experiments.results import Result, read  # noqa: E402
from loadtests.experiments.tables import tables  # noqa: E402

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ringmaster: experiments</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
h2 {{ margin-top: 3rem; border-bottom: 1px solid #ccc }}
h3 {{ font-size: 1rem; margin-bottom: 0 }}
img {{ max-width: 100%; height: auto; display: block; margin: 1rem 0 }}
.table {{ overflow-x: auto }}
table {{ border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; margin: 1rem 0 }}
th, td {{ padding: .2rem .6rem; border-bottom: 1px solid #ddd; text-align: right; white-space: nowrap }}
th:first-child, td:first-child {{ text-align: left }}
.wrong {{ background: #fde7d9; font-weight: 600 }}
pre {{ background: #f5f5f5; padding: 1rem; overflow-x: auto; font-size: .8rem }}
</style>
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


def write_report(folder: Path) -> Path:
    """Of all experiments that have a result there, and the benchmark."""
    found = {name: experiment for name, experiment in EXPERIMENTS.items() if (folder / name / "result.json").exists()}
    titles = {name: experiment.title for name, experiment in found.items()}
    sections = [_section(folder / name, experiment) for name, experiment in found.items()]
    benchmark = folder / "bench" / "bench.json"
    if benchmark.exists():
        titles["bench"] = "Benchmark"
        sections += ['<h2 id="bench">Benchmark</h2>', *_pictures(benchmark.parent)]
        sections.append(bench.section(json.loads(benchmark.read_text())))
    contents = "\n".join(f'<li><a href="#{name}">{escape(title)}</a></li>' for name, title in titles.items())
    report = folder / "report.html"
    report.write_text(_PAGE.format(contents=contents, sections="\n".join(sections)))
    return report


def _section(folder: Path, experiment: Experiment) -> str:
    result = read(folder)
    return "\n".join(
        [
            f'<h2 id="{folder.name}">{escape(experiment.title)}</h2>',
            f"<p>{escape(experiment.question)}</p>",
            *_outcome(result),
            *_pictures(folder),
            *(table.html() for table in tables(result)),
            "<details><summary>How to repeat it</summary>",
            f"<pre>{escape(json.dumps(result.provenance, indent=1))}</pre></details>",
        ]
    )


def _outcome(result: Result) -> list[str]:
    """What failed; of runs that fit, how well the worst of them does."""
    if not result.is_complete:
        return [f'<p class="wrong">{escape(result.status)}: {escape(result.reason)}</p>']
    if not result.runs:
        return []
    p = min(run.spread.fit.p for run in result.runs)
    return [f"<p>Chi-square test of the measured shares: p = {p:.3g} in the worst run of {len(result.runs)}.</p>"]


def _pictures(folder: Path) -> list[str]:
    """Each as an image of its own, for names inside of one picture mean nothing to the other."""
    pictures = {path.stem: base64.b64encode(path.read_bytes()).decode() for path in sorted(folder.glob("*.svg"))}
    return [f'<img alt="{escape(name)}" src="data:image/svg+xml;base64,{text}">' for name, text in pictures.items()]


if __name__ == "__main__":
    print(write_report(Path(sys.argv[1] if len(sys.argv) > 1 else "loadtests/results")))
