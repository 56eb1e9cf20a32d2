"""What `make bench-ring` prints, in its small form: every table with its rows and columns, never how fast it is."""

from __future__ import annotations

import re

import pytest

from balancer.core.request_hash import REQUEST_IDS
from loadtests.ring import bench, edge_swap, quality, speed
from loadtests.ring.bench import Plan, Target
from loadtests.ring.edge_swap import Swap
from loadtests.ring.quality import Quality
from loadtests.ring.speed import Timing
from loadtests.running import CannotMeasure

RINGS = ["table", "course", "ring", "ring, 9 on slots", "maglev", "uhashring"]
QUICK = Plan(
    slots=(512,),
    fleets=(3, 60),
    rounds=(2, 2),
    even_fleets=(3,),
    sets=1,
    new_fleets=(3,),
    request_ids=REQUEST_IDS[::1000],
    bounded=200,
    swaps=0,
)
EVEN_RINGS = ["table", "course", "course, crc32", "ring, M = 512", "ring, M = 65536", "ring, 9 on slots", "maglev"]


@pytest.fixture(scope="module")
def printed() -> list[str]:
    return [str(part) for part in bench.run(QUICK)]


@pytest.fixture(scope="module")
def tables(printed: list[str]) -> dict[str, list[list[str]]]:
    """Title up to its first ':' or ',' → rows of cells, the head first."""
    found: dict[str, list[list[str]]] = {}
    for part in printed:
        if part.startswith("### "):
            title, _, head, _, *rows = part.splitlines()
            found[re.split("[:,]", title.removeprefix("### "))[0]] = [_cells(row) for row in (head, *rows)]
    return found


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split(" | ")]


@pytest.mark.parametrize(
    "title", ["A lookup", "A new ring of N servers", "One server joins N", "One of N + 1 servers leaves"]
)
def test_every_ring_is_timed_beside_uhashring(tables: dict[str, list[list[str]]], title: str) -> None:
    head, three, sixty = tables[title]
    assert head == ["M, N", *RINGS]
    assert (three[0], sixty[0]) == ("512, 3", "512, 60")
    assert all(re.fullmatch(r"[0-9.e+]+ ± \d+% \([0-9.e-]+\)", cell) for cell in three[1:]), three
    assert dict(zip(head, three, strict=True))["uhashring"].endswith("(1)")
    assert [name for name, cell in zip(head, sixty, strict=True) if cell == "—"] == ["course", "ring, 9 on slots"]


@pytest.mark.parametrize(
    "title", ["p2m", "Requests that move when one server joins N", "Requests that move when one of N servers leaves"]
)
def test_every_ring_is_judged_beside_uhashring(tables: dict[str, list[list[str]]], title: str) -> None:
    head, three = tables[title]
    assert head == ["N", "mod N", *EVEN_RINGS, "uhashring"]
    assert three[0] == "3"
    assert all(re.fullmatch(r"\d\.\d{3}, \d\.\d{3}", cell) for cell in three[1:]), three


def test_the_exact_figures_are_those_that_are_known(tables: dict[str, list[list[str]]]) -> None:
    head, three = tables["A new deployment"]
    assert dict(zip(head, three, strict=True)).items() >= {"table": "1.002, 1.03", "course": "2.531, 1.80"}.items()


def test_hashes_and_bounds_have_their_tables(tables: dict[str, list[list[str]]]) -> None:
    assert [row[0] for row in tables["Request hashes"]] == ["hash", "course", "crc32", "xxh64", "md5", "sha1", "sha256"]
    assert tables["Bounded load"][0] == ["strategy", "off", "c = 1.5", "c = 1.25"]
    assert [row[0] for row in tables["Bounded load"][1:]] == ["table", "course"]


def test_the_targets_come_last(printed: list[str]) -> None:
    targets = [part for part in printed if part.startswith("- ")]
    assert printed[-len(targets) :] == targets
    assert targets[0] == "- table, N = 3: p2m 1.002: 1.002: met"
    assert targets[1] == "- table: a change moves the least possible, x 1.000: 1.000: met"
    assert targets[2].startswith("- table, M = 512, N up to 100: one change under 2 ms: ")


def test_a_missed_target_says_so() -> None:
    assert str(Target("table: fast", "3 ms", met=False)) == "- table: fast: 3 ms: MISSED"


def test_the_swap_has_its_table() -> None:
    swap = Swap(swap=Timing.of([1.2e6, 1.3e6, 1.4e6]), whole=Timing.of([12e6, 15e6, 400e6]))
    assert edge_swap.swap_table({512: swap}).splitlines()[2:] == [
        "| M   | swap     | whole apply |",
        "|-----|----------|-------------|",
        "| 512 | 1.3 ± 4% | 15 ± 647%   |",
    ]


def test_a_timing_is_a_median_and_half_the_distance_of_the_quartiles() -> None:
    assert Timing.of([1, 2, 3, 4, 100]) == Timing(3, 1)
    assert Timing(2500, 50).told(1) == "2500 ± 2%"
    assert Timing(2500, 50).told(1000) == "2.5 ± 2%"


def test_a_figure_is_told_as_median_and_worst() -> None:
    table = next(quality.tables({3: {"table": [Quality(1, 1, 1), Quality(2, 1, 1), Quality(1.5, 1, 1)]}}))
    assert "| 3 | 1.500, 2.000 |" in table


def test_a_ratio_is_to_uhashring() -> None:
    timings = {"table": Timing(50, 5), "uhashring": Timing(200, 0)}
    table = next(speed.tables({(512, 3): dict.fromkeys(speed.KINDS, timings)}))
    assert "| 512, 3 | 50 ± 10% (0.25) | 200 ± 0% (1) |" in table


def test_without_an_edge_it_says_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_docker(*_: object, **__: object) -> None:
        raise CannotMeasure("no engine; run: make host")

    monkeypatch.setattr(bench, "run", no_docker)
    assert bench.main() == 2
    assert "run: make host" in capsys.readouterr().err
