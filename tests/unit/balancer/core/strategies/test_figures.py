"""The figures that the documentation promises of each strategy: how even the load is, and what a change moves."""

from __future__ import annotations

import random
from math import ceil
from statistics import mean, median

import pytest

from balancer.core.request_hash import REQUEST_HASHES, slot_shares
from balancer.core.slot_table import SlotTable
from balancer.core.strategies import Maglev, Ring, Strategy
from tests.unit.balancer.core.strategies.rings import COURSE, TABLE, equal, fresh, grown, peak_to_mean, shares

H = slot_shares(REQUEST_HASHES["course"], 512)
"""How the handout's request hash spreads requests over the slots."""
EVEN = [1 / 512] * 512
"""How the others do."""


def fleets(count: int, many: int) -> list[list[int]]:
    """So many fleets of `count` servers with any ring ids, the same at every run."""
    draw = random.Random(count)  # noqa: S311 (a repeatable sample)
    return [draw.sample(range(1, 100_000), count) for _ in range(many)]


def peak(strategy: Strategy, fleet: list[int]) -> float:
    """p2m where every slot gets as much as the others."""
    table = strategy.place(equal(fleet), SlotTable.empty(strategy.slots))
    return peak_to_mean(table.counts(), servers=len(fleet))


def peak_while_one_is_down(table: SlotTable, load: list[float] | tuple[float, ...]) -> float:
    """The survivors' p2m: the mean over which server is down."""
    everyone = frozenset(table.counts())
    survivors = [shares(table.among(everyone - {down}), load) for down in sorted(everyone)]
    return mean(peak_to_mean(parts, servers=len(everyone) - 1) for parts in survivors)


def moved_by_an_addition(strategy: Strategy, count: int) -> float:
    """Slots that another server brings another owner, over M / (N + 1)."""
    table = fresh(strategy, count)
    after = strategy.place(equal(range(1, count + 2)), table)
    return table.moved(after) * (count + 1) / strategy.slots


@pytest.mark.parametrize(("count", "figure"), [(3, 1.002), (6, 1.008), (10, 1.016), (32, 1.000)])
def test_table_the_busiest_server_has_hardly_more_than_the_mean(count: int, figure: float) -> None:
    assert round(peak_to_mean(shares(fresh(TABLE, count), EVEN), servers=count), 3) == figure
    assert round(peak_to_mean(shares(grown(count), EVEN), servers=count), 3) == figure


@pytest.mark.parametrize("count", [2, 3, 6, 10, 32])
def test_table_an_addition_moves_the_newcomers_share_and_no_more(count: int) -> None:
    table = fresh(TABLE, count)
    moved = table.moved(TABLE.place(equal(range(1, count + 2)), table))
    assert moved in (512 // (count + 1), ceil(512 / (count + 1)))


@pytest.mark.parametrize(("count", "new", "old"), [(3, 1.03, 1.01), (6, 1.06, 1.04), (10, 1.08, 1.07)])
def test_table_while_a_server_is_down_the_others_share_its_load_nearly_evenly(
    count: int, new: float, old: float
) -> None:
    """In a new fleet and in one that grew server by server."""
    assert round(peak_while_one_is_down(fresh(TABLE, count), EVEN), 2) == new
    assert round(peak_while_one_is_down(grown(count), EVEN), 2) == old


def test_course_the_shares_of_the_first_servers_are_the_published_ones() -> None:
    percent = {ring_id: 100 * part for ring_id, part in shares(fresh(COURSE, 3), H).items()}
    assert percent == pytest.approx({1: 84.375, 2: 4.688, 3: 10.938}, abs=0.001)
    assert round(100 * shares(fresh(COURSE, 6), H)[1], 1) == 78.9


@pytest.mark.parametrize(("count", "figure"), [(3, 2.53), (6, 4.73), (10, 6.56), (32, 2.75)])
def test_course_the_busiest_server_has_a_multiple_of_the_mean(count: int, figure: float) -> None:
    assert round(peak_to_mean(shares(fresh(COURSE, count), H), servers=count), 2) == figure


def test_course_one_removal_can_move_84_percent_of_the_requests() -> None:
    before = fresh(COURSE, 3)
    after = COURSE.place(equal([2, 3]), before)
    moved = sum(part for part, was, now in zip(H, before.owners, after.owners, strict=True) if was != now)
    assert round(100 * moved) == 84


@pytest.mark.parametrize(("count", "figure"), [(3, 1.80), (6, 3.98), (10, 5.96)])
def test_course_while_a_server_is_down_the_others_share_its_load_badly(count: int, figure: float) -> None:
    assert round(peak_while_one_is_down(fresh(COURSE, count), H), 2) == figure


@pytest.mark.parametrize(("count", "figure"), [(3, 1.06), (6, 1.10), (10, 1.13), (32, 1.18)])
def test_ring_160_virtual_servers_on_the_circle(count: int, figure: float) -> None:
    """Medians over fleets, on slots fine enough to show the circle; a single fleet may be off by 0.1."""
    ring = Ring(slots=4096)
    assert median(peak(ring, fleet) for fleet in fleets(count, 30)) == pytest.approx(figure, abs=0.02)


@pytest.mark.parametrize(("count", "figure"), [(3, 1.07), (6, 1.11), (10, 1.17), (32, 1.50)])
def test_ring_512_slots_are_coarse_for_many_servers(count: int, figure: float) -> None:
    assert median(peak(Ring(), fleet) for fleet in fleets(count, 50)) == pytest.approx(figure, abs=0.03)


@pytest.mark.parametrize(("count", "figure"), [(3, 1.26), (6, 1.41), (10, 1.55), (32, 1.81)])
def test_ring_9_virtual_servers_on_512_slots(count: int, figure: float) -> None:
    ring = Ring(points="slots", point_hash="md5")
    assert median(peak(ring, fleet) for fleet in fleets(count, 100)) == pytest.approx(figure, abs=0.05)


def test_ring_an_addition_moves_the_newcomers_share_on_average() -> None:
    ring = Ring(slots=512, virtual_servers=40)
    added = [
        ring.place(equal([*fleet, 100_000]), SlotTable.empty(512)).counts()[100_000] * 7 / 512
        for fleet in fleets(6, 100)
    ]
    assert mean(added) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize(("count", "figure"), [(3, 1.00), (6, 1.01), (10, 1.03), (32, 1.12)])
def test_maglev_is_even_and_moves_little_more_than_it_must(count: int, figure: float) -> None:
    maglev = Maglev()
    assert peak(maglev, list(range(1, count + 1))) < 1.0005
    assert moved_by_an_addition(maglev, count) == pytest.approx(figure, abs=0.01)


@pytest.mark.parametrize(("count", "figure"), [(3, 1.05), (6, 1.2), (10, 1.4), (32, 3.0)])
def test_maglev_with_512_slots_moves_the_more_bystanders_the_more_servers_there_are(count: int, figure: float) -> None:
    maglev = Maglev(slots=512)
    assert moved_by_an_addition(maglev, count) == pytest.approx(figure, rel=0.15)
