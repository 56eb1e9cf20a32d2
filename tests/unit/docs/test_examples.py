"""The plug-ins of docs/ring.md: loaded as a deployment loads them, and held to what the built-in ones promise."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balancer.core.catalogue import Catalogue
from balancer.core.errors import InvalidRequest
from balancer.core.request_hash import REQUEST_IDS, RequestHash
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Strategy
from balancer.plugins import catalogue
from loadtests.ring.figures import PROJECT
from tests.unit.balancer.core.strategies.rings import equal, histories, members, newcomers, owned

PATHS = ("rendezvous:Rendezvous", "hashes:CRC32C", "hashes:FNV1A")
EMPTY = SlotTable.empty(128)
few = settings(max_examples=20)


@pytest.fixture(scope="module")
def examples() -> Iterator[Catalogue]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PROJECT / "docs" / "examples"))
        yield catalogue(PATHS, at_edge=False)


@pytest.fixture(scope="module")
def rendezvous(examples: Catalogue) -> Strategy:
    return examples.profile({"strategy": "rendezvous", "slots": 128}).strategy


@pytest.fixture(scope="module")
def crc32c(examples: Catalogue) -> RequestHash:
    return examples.profile({"request_hash": "crc32c"}).request_hash


@pytest.fixture(scope="module")
def fnv1a(examples: Catalogue) -> RequestHash:
    return examples.profile({"request_hash": "fnv1a"}).request_hash


@few
@given(fleet=members(lightest=0), before=histories(), chance=st.randoms(use_true_random=False))
def test_rendezvous_is_a_function_of_the_member_set(
    rendezvous: Strategy, fleet: list[Member], before: SlotTable, chance: random.Random
) -> None:
    table = rendezvous.place(fleet, before)
    shuffled = list(fleet)
    chance.shuffle(shuffled)
    assert set(table.owners) <= ({member.ring_id for member in fleet if member.weight} or {0})
    assert rendezvous.place(shuffled, EMPTY) == table
    assert rendezvous.place([Member(one.ring_id, one.weight * 4) for one in fleet], EMPTY) == table


@few
@given(fleet=members(), newcomer=newcomers, weight=st.integers(1, 9))
def test_rendezvous_moves_slots_to_a_newcomer_only_and_back(
    rendezvous: Strategy, fleet: list[Member], newcomer: int, weight: int
) -> None:
    before = rendezvous.place(fleet, EMPTY)
    after = rendezvous.place([*fleet, Member(newcomer, weight)], before)
    assert all(now in (was, newcomer) for was, now in zip(before.owners, after.owners, strict=True))
    assert rendezvous.place(fleet, after) == before


@few
@given(fleet=members(), weight=st.integers(10, 20))
def test_rendezvous_never_takes_a_slot_from_a_server_that_becomes_heavier(
    rendezvous: Strategy, fleet: list[Member], weight: int
) -> None:
    first, *others = fleet
    before = rendezvous.place(fleet, EMPTY)
    after = rendezvous.place([Member(first.ring_id, weight), *others], before)
    assert owned(before, first.ring_id) <= owned(after, first.ring_id)


def test_rendezvous_is_as_even_as_chance_and_follows_the_weights(examples: Catalogue) -> None:
    large = examples.profile({"strategy": "rendezvous", "slots": 4096}).strategy
    assert large.place(equal([1, 2, 3, 4]), EMPTY).counts() == {1: 1005, 2: 1013, 3: 1093, 4: 985}
    assert large.place([Member(1, 1), Member(2, 3)], EMPTY).counts()[2] / 4096 == pytest.approx(0.75, abs=0.02)


def test_crc32c_is_the_published_one_and_has_a_haproxy_form(crc32c: RequestHash) -> None:
    assert crc32c.value(b"123456789") == 0xE3069283
    assert crc32c.value(b"") == 0
    assert crc32c.expression(512) == "var(txn.key),crc32c,mod(512)"


def test_fnv1a_is_the_published_one_without_its_highest_bit(fnv1a: RequestHash) -> None:
    assert fnv1a.value(b"foobar") == 0x85944171F73967E8 & ~(1 << 63)
    assert fnv1a.value(b"") == 0xCBF29CE484222325 & ~(1 << 63)


def test_the_example_hashes_spread_request_ids_evenly(crc32c: RequestHash, fnv1a: RequestHash) -> None:
    for request_hash in (crc32c, fnv1a):
        hits = Counter(request_hash.slot(b"%d" % number, 8) for number in REQUEST_IDS[::100])
        assert max(hits.values()) / len(REQUEST_IDS[::100]) == pytest.approx(1 / 8, rel=0.1)


def test_the_edge_refuses_the_hash_without_a_haproxy_form() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PROJECT / "docs" / "examples"))
        at_edge = catalogue(PATHS, at_edge=True)
    assert at_edge.profile({"request_hash": "crc32c"}).request_hash.name == "crc32c"
    with pytest.raises(InvalidRequest, match="fnv1a has no HAProxy form"):
        at_edge.profile({"request_hash": "fnv1a"})
