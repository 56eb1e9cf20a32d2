"""Rings as arcs: shares and moves counted by hand, and the arcs of real rings against their own answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from balancer.core.request_hash import REQUEST_IDS
from balancer.core.strategies import Course, Table
from loadtests.ring.arcs import Arcs, moved, peak_to_mean, shares
from loadtests.ring.contest import UHASHRING, Contestant, Modulo, ours

BEFORE = [(2, 1), (6, 2), (8, 1)]
AFTER = [(1, 1), (5, 3), (8, 2)]


def test_a_server_has_the_sum_of_its_arcs() -> None:
    assert shares(BEFORE) == {1: 0.5, 2: 0.5}
    assert shares(AFTER) == {1: 0.125, 2: 0.375, 3: 0.5}
    assert peak_to_mean(AFTER, 3) == 1.5


def test_what_moved_is_where_two_rings_disagree() -> None:
    assert moved(BEFORE, AFTER) == 0.75
    assert moved(BEFORE, BEFORE) == 0


def test_uhashrings_arcs_are_what_it_answers() -> None:
    ring = UHASHRING.make(range(1, 6))
    ring.add(6)
    ring.remove(2)
    find = ring.lookup()
    counts = Counter(int(find(str(number))[1:]) for number in REQUEST_IDS[::45])
    assert set(counts) == {1, 3, 4, 5, 6}
    assert_alike(counts, ring.arcs())


@pytest.mark.parametrize("contestant", [ours(Table()), ours(Course())], ids=lambda one: one.name)
def test_our_arcs_are_what_a_lookup_answers(contestant: Contestant) -> None:
    ring = contestant.make(range(1, 6))
    find = ring.lookup()
    assert_alike(Counter(find(b"%d" % number) for number in REQUEST_IDS[::45]), ring.arcs())


def assert_alike(counts: Counter[int], arcs: Arcs) -> None:
    parts = shares(arcs)
    assert set(counts) == {server for server, part in parts.items() if part}
    for server, count in counts.items():
        assert count / counts.total() == pytest.approx(parts[server], abs=0.01)


@pytest.mark.parametrize("servers", [3, 6])
def test_a_key_mod_n_moves_all_but_its_share(servers: int) -> None:
    fleet: Sequence[int] = range(1, servers + 1)
    ring = ours(Modulo()).make(fleet)
    before = ring.arcs()
    ring.add(servers + 1)
    assert moved(before, ring.arcs()) == pytest.approx(servers / (servers + 1), abs=0.01)
