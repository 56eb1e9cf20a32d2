"""Why a key goes where it goes, in agreement with where it goes."""

from __future__ import annotations

import zlib
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.explanation import WalkStep, explain
from balancer.core.fleet import Fleet
from balancer.core.hash_seed import HashSeed
from balancer.core.key_source import KeySource, Message
from balancer.core.lifecycle import State
from balancer.core.ring_profile import RingProfile
from balancer.core.routes import routes
from balancer.core.slot_table import SlotTable
from balancer.core.strategies import Table
from tests.unit.balancer.core.fleets import fleets, serving

KEY = b"123456"
"""In slot 1 of 8 under crc32."""


def ring(*down: str, owners: tuple[int, ...] = (1, 2, 2, 1, 3, 3, 1, 2)) -> Fleet:
    """S1, S2 and S3 on eight slots."""
    fleet = serving(3, RingProfile(strategy=Table(slots=8)))
    return replace(fleet, table=SlotTable(owners)).fail(down)


def test_a_seeded_key_has_the_slot_that_a_request_with_it_gets() -> None:
    seed = HashSeed.of("a-secret-of-operators")
    plain = ring()
    fleet = replace(plain, profile=replace(plain.profile, key=KeySource("path"), seed=seed))
    for key in (b"/a", b"/b", b"/c", b"/d"):
        explained = explain(fleet, key)
        hashed = routes(fleet).key_of(Message(path=key, query=b"", headers={}, client=b""))
        assert (explained.key, explained.slot) == (key, zlib.crc32(hashed) % 8)
        assert explained.why.startswith(f"crc32 of the seeded key mod 8 is slot {explained.slot}; ")
    assert explain(fleet, b"/a").slot != explain(plain, b"/a").slot


@pytest.mark.parametrize(
    ("down", "server", "walk", "why"),
    [
        ((), "S2", [(1, "S2", "serving")], "S2 owns it and serves"),
        (
            ("S2",),
            "S1",
            [(1, "S2", "down"), (3, "S1", "serving")],
            "S2 owns it and is down; the next living owner clockwise is S1 at slot 3",
        ),
        (
            ("S1", "S2"),
            "S3",
            [(1, "S2", "down"), (3, "S1", "down"), (4, "S3", "serving")],
            "S2 owns it and is down; the next living owner clockwise is S3 at slot 4",
        ),
        (
            ("S1", "S2", "S3"),
            None,
            [(1, "S2", "down"), (3, "S1", "down"), (4, "S3", "down")],
            "S2 owns it and is down; nobody on the ring answers",
        ),
    ],
)
def test_the_walk_leads_from_the_owner_to_the_server_that_answers(
    down: tuple[str, ...], server: str | None, walk: list[tuple[int, str, str]], why: str
) -> None:
    explained = explain(ring(*down), KEY)
    assert (explained.slot, explained.owner, explained.server) == (1, "S2", server)
    assert explained.walk == tuple(WalkStep(slot, hostname, State(state)) for slot, hostname, state in walk)
    assert explained.why == f"crc32 of the key mod 8 is slot 1; {why}"


def test_the_walk_goes_on_behind_the_last_slot() -> None:
    fleet = ring("S2", owners=(3, 2, 2, 2, 2, 2, 2, 2))
    assert explain(fleet, KEY).walk[-1] == WalkStep(0, "S3", State.SERVING)


def test_an_empty_ring_says_so() -> None:
    explained = explain(Fleet.empty(RingProfile(strategy=Table(slots=8))), KEY)
    assert (explained.slot, explained.owner, explained.server, explained.walk) == (1, None, None, ())
    assert explained.why == "crc32 of the key mod 8 is slot 1; nobody owns it: the ring is empty"


def test_bounded_load_has_the_last_word() -> None:
    fleet = ring()
    bounded = replace(fleet, profile=replace(fleet.profile, bound=Fraction("1.25")))
    assert explain(bounded, KEY).why.endswith(
        "S2 owns it and serves, unless it has its share of bounded load 1.25 already"
    )


@given(fleets(), st.binary(min_size=1))
def test_the_explanation_agrees_with_the_routes(fleet: Fleet, key: bytes) -> None:
    explained = explain(fleet, key)
    assert (explained.server or "") == routes(fleet).slots[explained.slot]
    names = [stop.hostname for stop in explained.walk]
    assert len(set(names)) == len(names)
    assert all(fleet.server(stop.hostname).ring_id == fleet.table.owners[stop.slot] for stop in explained.walk)
