"""The table and the section of a page, from a result alone."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from loadtests.bench import report
from tests.unit.loadtests.bench.some_runs import document, run

RUNS = [
    *(run("edge", number, requests=1100) for number in (1, 2, 3)),
    *(run("haproxy", number) for number in (1, 2, 3)),
    *(run("flask", number, requests=20, p99_us=90_000) for number in (1, 2, 3)),
]


@pytest.fixture(scope="module")
def section() -> str:
    return report.section(document(RUNS))


def test_every_contestant_has_its_row() -> None:
    lines = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in report.markdown(document(RUNS)).splitlines()
    ]
    head, _, *rows = lines[2:7]
    edge, _haproxy, flask = (dict(zip(head, row, strict=True)) for row in rows)
    assert edge["contestant"] == "Ringmaster's edge"
    assert (edge["requests/s"], edge["busy"]) == ("1100", "100%")
    assert (edge["CPU µs/request"], edge["in the kernel"]) == ("909.1", "681.8")
    assert edge["requests per CPU second ÷ haproxy"] == "1.1 (1.1-1.1)"
    assert (flask["p99 ms"], flask["p99 latency ÷ haproxy"]) == ("90.00", "45 (45-45)")


def test_targets_say_whether_they_are_met() -> None:
    text = report.markdown(document([*RUNS, *(run("nginx", number, requests=1200) for number in (1, 2, 3))]))
    assert "- edge ÷ haproxy, requests per CPU second ≥ 1.00: 1.10: met" in text
    assert "- edge ÷ nginx, requests per CPU second ≥ 1.00: 0.92: MISSED" in text


def test_faults_are_named() -> None:
    text = report.markdown(document([*RUNS, run("edge", 4, faults={"status": 3, "read": 1})]))
    assert "FAULTS, which make the run void: edge in round 4: 3 status, 1 read" in text
    assert "FAULTS" not in report.markdown(document(RUNS))


def test_the_section_is_well_formed_with_its_chart_inside(section: str) -> None:
    page = ElementTree.fromstring(f"<div>{section}</div>")  # noqa: S314 (our own)
    assert page.findtext("h2", "").startswith("Benchmark: 1 rounds of 1 s")
    assert len(page.findall("div/table/tbody/tr")) == 3
    assert page.find("{http://www.w3.org/2000/svg}svg") is not None


def test_what_programs_say_of_themselves_is_escaped(section: str) -> None:
    assert "wrk &lt;b&gt;4.1&lt;/b&gt;" in section
    assert "<b>" not in section


def test_the_chart_shares_no_names_with_other_drawings_on_the_page(section: str) -> None:
    assert set(re.findall(r'\bid="(.{6})', section)) == {"bench-"}
    assert set(re.findall(r'(?:url\(|href=")#(.{6})', section)) == {"bench-"}
