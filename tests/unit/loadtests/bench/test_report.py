"""The table and the section of a page, from a result alone."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from loadtests.bench import chart, report
from tests.unit.loadtests.bench.some_runs import document, latency, run, threads

ROUNDS = range(1, 7)
RUNS = [
    *(run("edge", number, requests=1100) for number in ROUNDS),
    *(run("haproxy", number) for number in ROUNDS),
    *(run("flask", number, requests=20) for number in ROUNDS),
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
    assert edge["requests per CPU second ÷ haproxy"] == "1.1 (1.1 to 1.1)"
    assert flask["requests per second ÷ haproxy"] == "0.02 (0.02 to 0.02)"


def test_targets_say_whether_they_are_met() -> None:
    nginx = [run("nginx", number, requests=1200) for number in ROUNDS]
    caddy = [run("caddy", number, requests=300 + number * 20) for number in ROUNDS]
    text = report.markdown(document([*RUNS, *nginx, *caddy]))
    assert "- edge ÷ haproxy, requests per CPU second ≥ 1.00: 1.10 (1.10 to 1.10): met" in text
    assert "- edge ÷ nginx, requests per CPU second ≥ 1.00: 0.92 (0.92 to 0.92): MISSED" in text
    assert "- edge ÷ caddy, requests per CPU second ≥ 3.00: 2.98 (2.62 to 3.44): undecided" in text


def test_after_few_rounds_targets_are_undecided() -> None:
    text = report.markdown(document([run("edge", requests=9000), run("haproxy")]))
    assert "- edge ÷ haproxy, requests per CPU second ≥ 1.00: 9.00 (too few rounds): undecided" in text


LATENCIES = [
    *(latency("direct", number, p50_us=100 * number) for number in ROUNDS),
    *(latency("edge", number, p50_us=100 * number + 250, p999_us=2500) for number in ROUNDS),
]


def cells(text: str, title: str) -> list[list[str]]:
    """Of the rows of the table with that title."""
    table = text.partition(f"### {title}")[2].strip().split("\n\n")[1]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]


def test_latencies_are_what_each_adds_to_the_bare_servers_in_the_same_round() -> None:
    assert cells(report.markdown(document([run("edge"), run("direct")], LATENCIES)), "Latency") == [
        ["500 (50 %): Ringmaster's edge", "0.25 (0.25 to 0.25)", "0 (0 to 0)", "-0.5 (-0.5 to -0.5)"],
        ["500 (50 %): one server, no balancer", "0.35 (0.1 to 0.6)", "2 (2 to 2)", "3 (3 to 3)"],
    ]


def test_how_late_the_load_generator_was_is_told() -> None:
    assert "was 0.03 ms late with one of a hundred" in report.markdown(
        document([run("edge"), run("direct")], LATENCIES)
    )


def test_the_edge_over_its_threads() -> None:
    runs = [*(threads(1, number) for number in ROUNDS), *(threads(2, number, requests=1500) for number in ROUNDS)]
    assert cells(report.markdown(document(RUNS, threads=runs)), "The edge over") == [
        ["1", "1000", "1 (1 to 1)", "1000.0"],
        ["2", "1500", "1.5 (1.5 to 1.5)", "666.7"],
    ]


def test_without_latencies_and_threads_there_is_one_table() -> None:
    assert report.markdown(document(RUNS)).count("###") == 1


def test_faults_are_named() -> None:
    text = report.markdown(document([*RUNS, run("edge", 4, faults={"status": 3, "read": 1})]))
    assert "FAULTS, which make the run void: edge in round 4: 3 status, 1 read" in text
    runs = [*RUNS, run("direct")]
    assert "FAULTS" not in report.markdown(document(runs, LATENCIES))
    text = report.markdown(document(runs, [*LATENCIES, latency("edge", 7, faults={"timeout": 2})], [threads(1, 2)]))
    assert "FAULTS, which make the run void: edge in round 7: 2 timeout" in text


def test_who_is_left_out_is_told_with_the_reason() -> None:
    told = {**document(RUNS), "left_out": {"edge-next": "its HAProxy cannot be had here: E: Version not found"}}
    assert "edge-next is left out: its HAProxy cannot be had here: E: Version not found" in report.markdown(told)


def test_the_section_is_well_formed(section: str) -> None:
    page = ElementTree.fromstring(f"<div>{section}</div>")  # noqa: S314 (our own)
    assert page.findtext("h3", "").startswith("Benchmark: 1 rounds of 1 s")
    assert len(page.findall("div/table/tbody/tr")) == 3


def test_what_programs_say_of_themselves_is_escaped(section: str) -> None:
    assert "wrk &lt;b&gt;4.1&lt;/b&gt;" in section
    assert "<b>" not in section


def test_the_chart_tells_the_verdicts() -> None:
    """Letters become outlines, so the figure itself is asked."""
    told = chart.drawn(document(RUNS)).get_supxlabel()
    assert "edge ÷ haproxy, requests per CPU second ≥ 1.00: 1.10 (1.10 to 1.10): met" in told
    assert "edge ÷ flask, requests per CPU second ≥ 40.00: 55.00 (55.00 to 55.00): met" in told


def test_the_chart_shows_what_is_added_to_latency_where_it_was_measured() -> None:
    without, shown = chart.drawn(document(RUNS)).axes, chart.drawn(document([*RUNS, run("direct")], LATENCIES)).axes
    assert [axes.get_title(loc="left").partition(" ")[0] for axes in without] == ["requests", "requests"]
    assert shown[-1].get_title(loc="left").startswith("added p99 latency at 50 %")
    assert [text.get_text() for text in shown[-1].texts] == ["0.00"]
