"""The report: whole in one file, honest about what did not go well, and safe with whatever was answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loadtests.bench import bench
from loadtests.experiments.catalogue import EXPERIMENTS
from loadtests.experiments.endpoints import Call
from loadtests.experiments.report import write_report
from loadtests.experiments.results import Result, write
from tests.unit.loadtests.bench import some_runs
from tests.unit.loadtests.bench.some_runs import document
from tests.unit.loadtests.experiments.some_results import result, run, timeline


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    leave(tmp_path, result("a-1", run()))
    leave(tmp_path, result("a-3", line=timeline(endpoints=(Call("public", "GET /x", 404, 500, 1.5, "<b>"),))))
    return tmp_path


def leave(folder: Path, result: Result) -> None:
    write(folder / result.experiment, result, {})
    (folder / result.experiment / "plot.svg").write_text("<svg/>")


def test_it_has_a_section_for_each_result_and_no_other(folder: Path) -> None:
    page = write_report(folder).read_text()
    assert re.findall(r'<h2 id="(.*?)">', page) == ["a-1", "a-3"]
    assert EXPERIMENTS["a-1"].question in page


def test_it_needs_no_other_file_and_no_network(folder: Path) -> None:
    page = write_report(folder).read_text()
    sources = re.findall(r'(?:src|href)="([^"]{0,30})', page)
    assert sources
    assert all(source.startswith(("data:image/svg+xml;base64,", "#")) for source in sources)


def test_what_was_answered_is_text(folder: Path) -> None:
    leave(folder, result("a-4", run(strategy="<script>alert(1)</script>")))
    page = write_report(folder).read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_it_marks_a_call_that_was_answered_otherwise(folder: Path) -> None:
    (wrong,) = re.findall(r"<tr class=wrong>.*?</tr>", write_report(folder).read_text())
    assert "GET /x" in wrong


def test_it_says_how_well_runs_fit_unless_they_failed(folder: Path) -> None:
    leave(folder, result("a-1", run((33, 33, 34))))
    leave(folder, result("a-2", run((60, 40)), run((50, 50))))
    page = write_report(folder).read_text()
    assert "p = 0.99 in the worst run of 1" in page
    assert "p = 0.0455 in the worst run of 2" in page
    leave(folder, result("a-1", run((33, 33, 34)), status="failed", reason="9 requests failed"))
    assert "in the worst run of 1" not in write_report(folder).read_text()


def test_it_says_what_failed_and_shows_what_there_was(folder: Path) -> None:
    leave(folder, result("a-2", run((60, 40)), status="interrupted", reason="the deployment is as it was before"))
    page = write_report(folder).read_text()
    assert "interrupted: the deployment is as it was before" in page
    assert page.count("<img") == 3


def test_the_benchmarks_chart_and_table_are_in_it(folder: Path) -> None:
    bench.write(document([some_runs.run("edge"), some_runs.run("haproxy")]), folder / "bench")
    page = write_report(folder).read_text()
    assert '<h2 id="bench">' in page
    assert page.count('<img alt="bench"') == 1
    assert "<td>Ringmaster&#x27;s edge</td>" in page


def test_it_can_be_repeated_from_it(folder: Path) -> None:
    assert "&quot;commit&quot;: &quot;abc&quot;" in write_report(folder).read_text()
