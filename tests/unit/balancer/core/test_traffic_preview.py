"""What another ring would make of keys that were seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from balancer.core.fleet import Fleet
from balancer.core.hash_seed import HashSeed
from balancer.core.key_source import KeySource
from balancer.core.preview import preview
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.ring_profile import RingProfile
from balancer.core.strategies import Course, Maglev, Table
from balancer.core.traffic import CountedKey, KeyCounts, key_hash
from balancer.core.traffic_preview import TrafficPreview, traffic_preview
from tests.unit.balancer.core.fleets import serving

PROFILE = RingProfile(strategy=Table(slots=512), key=KeySource("header", "X-User"))
FLEET = serving(3, PROFILE)
CRC32 = REQUEST_HASHES["crc32"]


def seen(counted: dict[bytes, int], slots: int = 512) -> KeyCounts:
    """What a plane with crc32 counts of these keys."""
    return KeyCounts(1 / 16, tuple(CountedKey(CRC32.slot(key, slots), key_hash(key), n) for key, n in counted.items()))


KEYS = {b"user-%d" % number: 1 + 300 // (number + 1) for number in range(400)}
SEEN = seen(KEYS)


def owners(fleet: Fleet) -> dict[bytes, str]:
    """key → the hostname of its owner."""
    names = {server.ring_id: server.hostname for server in fleet.servers}
    return {key: names[fleet.table.owners[CRC32.slot(key, fleet.table.slots)]] for key in KEYS}


def shares(fleet: Fleet) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for key, owner in owners(fleet).items():
        counts[owner] += KEYS[key]
    return {server.hostname: counts[server.hostname] / sum(KEYS.values()) for server in fleet.servers}


def told(counts: KeyCounts, profile: RingProfile, servers: dict[str, int | None] | None = None) -> TrafficPreview:
    found = preview(FLEET, profile, servers, counts).traffic
    assert found is not None
    return found


def test_another_strategy_is_told_exactly_what_the_keys_would_do() -> None:
    maglev = replace(PROFILE, strategy=Maglev(slots=512))
    then = FLEET.switched(maglev)
    before, after = owners(FLEET), owners(then)
    found = told(SEEN, maglev)
    assert (found.counted, found.is_exact) == (sum(KEYS.values()), True)
    assert found.now == pytest.approx(shares(FLEET))
    assert found.then == pytest.approx(shares(then))
    assert found.moved == sum(KEYS[key] for key in KEYS if before[key] != after[key]) / sum(KEYS.values())


def test_a_newcomer_gets_what_its_slots_got() -> None:
    joined = FLEET.begin_join(["S4"]).grow({"S4": "S4:5000"})
    found = told(SEEN, PROFILE, {"S1": None, "S2": None, "S3": None, "S4": None})
    assert found.then == pytest.approx(shares(joined))
    assert found.now.keys() == {"S1", "S2", "S3"}
    assert found.moved == pytest.approx(found.then["S4"])


def test_nothing_asked_nothing_moved() -> None:
    found = told(SEEN, PROFILE)
    assert found.now == found.then
    assert found.moved == 0


@pytest.mark.parametrize(
    "other",
    [
        replace(PROFILE, request_hash=REQUEST_HASHES["xxh64"]),
        replace(PROFILE, strategy=Table(slots=1024)),
        replace(PROFILE, strategy=Maglev(slots=64), request_hash=REQUEST_HASHES["md5"]),
    ],
    ids=["request hash", "M", "both"],
)
def test_where_the_slots_are_not_known_each_key_gets_one_fair_draw(other: RingProfile) -> None:
    many = seen({b"user-%d" % number: 1 for number in range(6000)})
    found = told(many, other)
    assert not found.is_exact
    assert found == told(many, other)
    assert found.now == told(many, PROFILE).now
    assert sum(found.then.values()) == pytest.approx(1)
    assert all(abs(share - 1 / 3) < 0.04 for share in found.then.values())
    assert abs(found.moved - 2 / 3) < 0.04


def test_a_heavy_key_stays_in_one_piece_when_it_is_drawn() -> None:
    heavy = seen({b"alice": 900, b"bob": 100})
    found = told(heavy, replace(PROFILE, request_hash=REQUEST_HASHES["xxh64"]))
    assert max(found.then.values()) in (0.9, 1.0)


def test_a_draw_is_as_uneven_as_its_request_hash() -> None:
    """The course hash gives one slot a sixteenth of all keys."""
    course = replace(PROFILE, strategy=Course(), request_hash=REQUEST_HASHES["course"])
    many = seen({b"user-%d" % number: 1 for number in range(6000)})
    expected = {item.server.hostname: item.share for item in preview(FLEET, course, None).then.servers}
    found = told(many, course)
    assert all(abs(found.then[name] - share) < 0.04 for name, share in expected.items())


@pytest.mark.parametrize(
    ("counts", "other"),
    [
        (seen({b"a": 99}), PROFILE),
        (KeyCounts(1 / 16), PROFILE),
        (SEEN, replace(PROFILE, key=KeySource("path"))),
        (SEEN, replace(PROFILE, key=KeySource())),
        (SEEN, replace(PROFILE, seed=HashSeed.of("a-secret-of-operators"))),
    ],
    ids=["too few", "none", "another key", "random", "another seed"],
)
def test_nothing_is_said_where_nothing_is_known(counts: KeyCounts, other: RingProfile) -> None:
    assert preview(FLEET, other, None, counts).traffic is None


def test_nothing_is_said_where_keys_are_random_now() -> None:
    fleet = serving(3, RingProfile(strategy=Table(slots=512)))
    assert traffic_preview(SEEN, fleet, fleet) is None


def test_slots_that_the_ring_does_not_have_are_left_out() -> None:
    """They were counted a moment ago, under the ring before."""
    strays = KeyCounts(1 / 16, (CountedKey(600, "0" * 8, 200), CountedKey(5, "1" * 8, 100)))
    assert told(strays, PROFILE).counted == 100


def test_from_an_empty_ring_everything_moves() -> None:
    found = traffic_preview(SEEN, replace(Fleet.empty(PROFILE)), FLEET)
    assert found is not None
    assert (found.now, found.moved) == ({}, 1.0)
