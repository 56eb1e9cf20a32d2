"""The ring while it runs: seen, and switched atomically or not at all."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from balancer.core.errors import Busy, InvalidRequest, PlaneUnavailable, StateUnavailable
from balancer.core.fleet_change import FleetChange
from balancer.core.preview import PreviewRequest
from balancer.core.routes import Routes, routes
from tests.fakes.runtime import Everyone
from tests.unit.balancer.in_memory import InMemoryBalancer
from tests.unit.balancer.service.test_change_queue import held_up

RINGS = [
    {"strategy": "table", "slots": 64},
    {"strategy": "course"},
    {"strategy": "course", "probing": "triangular", "virtual_servers": 5},
    {"strategy": "ring", "virtual_servers": 20},
    {"strategy": "ring", "points": "slots", "point_hash": "md5"},
    {"strategy": "maglev", "slots": 64},
    {"request_hash": "xxh64"},
    {"key": "header:X-User"},
    {"bound": 1.25},
]
REFUSED = [
    ({"strategy": "rings"}, "strategy must be one of table, course, ring, maglev"),
    ({"strategy": None}, "strategy must be one of table"),
    ({"request_hash": "crc64"}, "request_hash must be one of course, crc32, xxh64, md5, sha1, sha256"),
    ({"key": "user"}, "key must be one of random, header:NAME, cookie:NAME, query:NAME, path, address"),
    ({"key": "header:"}, "key must be one of"),
    ({"key": "header:" + "x" * 65}, "key must be one of"),
    ({"slots": 500}, "slots must be a power of two from 2 to 65536"),
    ({"slots": 131072}, "slots must be a power of two"),
    ({"slots": 2}, "a ring of 2 slots .* holds at most 2 servers, not 3"),
    ({"strategy": "course", "slots": 16}, "holds at most 1 servers, not 3"),
    ({"strategy": "ring", "points": "slots", "virtual_servers": 256}, "holds at most 2 servers, not 3"),
    ({"strategy": "course", "probing": []}, "probing must be one of linear, triangular"),
    ({"strategy": "ring", "points": {}}, "points must be one of"),
    ({"strategy": "maglev", "slots": 65536.0}, "slots must be a power of two"),
    ({"strategy": "course", "virtual_servers": True}, "virtual_servers must be an integer"),
    ({"probing": "linear"}, "'probing' is not a field of a ring profile with the strategy table"),
    ({"bound": 1}, r"bound must be null \(off\) or a number above 1"),
    ({"bound": True}, "bound must be null"),
    ({"bound": "2"}, "bound must be null"),
    ([], "a ring profile is a JSON object"),
]
"""Profile → what its refusal says, for three servers of the same weight."""


def count_publications(balancer: InMemoryBalancer) -> list[Routes]:
    published: list[Routes] = []
    apply = balancer.plane.apply

    def note(routes: Routes) -> None:
        published.append(routes)
        apply(routes)

    balancer.plane.apply = note  # type: ignore[method-assign]
    return published


@pytest.mark.parametrize("profile", RINGS, ids=str)
def test_when_a_switch_answers_the_plane_obeys_the_new_ring(balancer: InMemoryBalancer, profile: object) -> None:
    wanted = balancer.catalogue.profile(profile)
    ring = balancer.ring.switch(profile)
    assert ring.in_step
    assert ring.fleet is balancer.desired.fleet
    assert (ring.fleet.profile, ring.fleet.table.slots) == (wanted, wanted.slots)
    assert ring.fleet.table == wanted.strategy.place(ring.fleet.members(), ring.fleet.table)
    obeyed = balancer.plane.routes
    assert (obeyed.request_hash, obeyed.key, obeyed.bound) == (wanted.request_hash, wanted.key, wanted.bound)
    assert balancer.is_sound()
    before = balancer.whole_state()
    balancer.steps(2)
    assert balancer.whole_state() == before


def test_every_switch_has_a_higher_version_and_no_server_is_touched(balancer: InMemoryBalancer) -> None:
    servers, first = balancer.desired.fleet.servers, balancer.desired.fleet.version
    versions = [first, *(balancer.ring.switch(profile).fleet.version for profile in RINGS)]
    assert versions == sorted(set(versions))
    assert balancer.desired.fleet.servers == servers
    assert (balancer.runtime.killed, balancer.runtime.stopped) == ([], [])


def test_a_switch_to_the_present_profile_does_nothing(balancer: InMemoryBalancer) -> None:
    before, published = balancer.whole_state(), count_publications(balancer)
    ring = balancer.ring.switch({"strategy": "table", "slots": 512, "request_hash": "crc32"})
    assert ring.in_step
    assert published == []
    assert balancer.whole_state() == before


@pytest.mark.parametrize(("profile", "why"), REFUSED)
def test_a_profile_that_cannot_be_is_refused_and_nothing_has_changed(
    balancer: InMemoryBalancer, profile: object, why: str
) -> None:
    before, published = balancer.whole_state(), count_publications(balancer)
    with pytest.raises(InvalidRequest, match=why):
        balancer.ring.switch(profile)
    with pytest.raises(InvalidRequest, match=why):
        balancer.ring.preview(PreviewRequest(profile))
    assert published == []
    assert balancer.whole_state() == before


def test_without_the_plane_the_ring_stays(balancer: InMemoryBalancer) -> None:
    before = balancer.whole_state()
    balancer.plane.away.arm(times=1)
    with pytest.raises(PlaneUnavailable):
        balancer.ring.switch({"strategy": "ring"})
    assert balancer.whole_state() == before


def test_without_the_volume_the_ring_stays(balancer: InMemoryBalancer) -> None:
    before, published = balancer.whole_state(), count_publications(balancer)
    balancer.store.full.arm(times=1)
    with pytest.raises(StateUnavailable):
        balancer.ring.switch({"strategy": "ring"})
    assert published == []
    assert balancer.whole_state() == before


def test_a_switch_waits_its_turn_like_every_change() -> None:
    balancer = InMemoryBalancer(change_timeout=0.01).started()
    with ThreadPoolExecutor(1) as users, held_up(balancer) as go:
        adding = users.submit(balancer.fleet.add, FleetChange(1, ("S4",)))
        while not balancer.workers.claims.instances:
            pass
        for change in (lambda: balancer.ring.switch({"slots": 64}), lambda: balancer.ring.weigh("S1", 2)):
            with pytest.raises(Busy, match="another change of the fleet is running"):
                change()
        go.set()
        assert adding.result(10) == ("S1", "S2", "S3", "S4")
    assert balancer.is_sound()


def test_before_there_is_a_fleet_there_is_a_ring_to_see_and_none_to_change() -> None:
    balancer = InMemoryBalancer()
    assert balancer.ring.ring().servers == ()
    with pytest.raises(Busy, match="still taking up its fleet"):
        balancer.ring.switch({})
    balancer.runtime.mute = {"S2"}
    balancer.step()
    with pytest.raises(Busy, match="the first servers are still starting"):
        balancer.ring.switch({"slots": 2})
    with pytest.raises(Busy, match="the first servers are still starting"):
        balancer.ring.weigh("S1", 2)


def test_slow_start_and_a_strategy_without_weights_exclude_each_other() -> None:
    balancer = InMemoryBalancer(slow_start=60).started()
    before = balancer.whole_state()
    with pytest.raises(InvalidRequest, match="course knows no weights, which slow start needs"):
        balancer.ring.switch({"strategy": "course"})
    assert balancer.whole_state() == before


def test_the_ring_shows_every_server_and_what_it_is_to_get_now(balancer: InMemoryBalancer) -> None:
    balancer.runtime.die("S2")
    balancer.runtime.away.arm(after=1)
    balancer.step()
    ring = balancer.ring.ring()
    answering = Counter(balancer.plane.routes.slots)
    assert [(item.server.hostname, item.server.state, item.slots) for item in ring.servers[:3]] == [
        ("S1", "serving", 171),
        ("S2", "down", 170),
        ("S3", "serving", 171),
    ]
    assert {(item.server.state, item.slots, item.share) for item in ring.servers[3:]} <= {("joining", 0, 0.0)}
    for item in ring.servers:
        assert item.share == pytest.approx(answering[item.server.hostname] / 512, abs=0.01)
    assert sum(item.share for item in ring.servers) == pytest.approx(1)
    assert (ring.keyless, ring.in_step) == (0, True)


def test_the_ring_can_be_seen_while_the_plane_is_away(balancer: InMemoryBalancer) -> None:
    balancer.plane.away.arm()
    ring = balancer.ring.ring()
    assert (ring.keyless, ring.in_step, len(ring.servers)) == (None, False, 3)


def test_a_plane_that_is_behind_is_seen(balancer: InMemoryBalancer) -> None:
    balancer.plane.restart()
    assert not balancer.ring.ring().in_step


def test_a_key_is_looked_up_where_its_requests_go(balancer: InMemoryBalancer) -> None:
    for number in range(100):
        key = b"%d" % number
        explained = balancer.ring.lookup(key)
        assert explained.server == balancer.plane.routes.slots[explained.slot]
    with pytest.raises(InvalidRequest, match="key is empty"):
        balancer.ring.lookup(b"")


def test_a_preview_changes_nothing_and_foretells_the_switch(balancer: InMemoryBalancer) -> None:
    before, published = balancer.whole_state(), count_publications(balancer)
    seen = balancer.ring.preview(PreviewRequest({"strategy": "ring"}))
    assert published == []
    assert balancer.whole_state() == before
    ring = balancer.ring.switch({"strategy": "ring"})
    assert ring.servers == seen.then.servers


def test_a_preview_has_no_more_servers_than_there_may_be() -> None:
    balancer = InMemoryBalancer(max_servers=4).started()
    assert len(balancer.ring.preview(PreviewRequest(None, dict.fromkeys(["S1", "S2", "S3", "S4"]))).then.servers) == 4
    with pytest.raises(InvalidRequest, match="servers: 5 are too many: max_servers is 4"):
        balancer.ring.preview(PreviewRequest(None, dict.fromkeys(["S1", "S2", "S3", "S4", "S5"])))


def test_a_replacement_joins_the_ring_that_there_is_when_it_is_ready(balancer: InMemoryBalancer) -> None:
    balancer.runtime.broken = Everyone()
    balancer.runtime.die("S2")
    balancer.step()
    balancer.ring.switch({"strategy": "maglev", "slots": 64})
    balancer.runtime.broken = ()
    balancer.clock.sleep(60)
    balancer.steps(2)
    assert len(balancer.replicas) == 3
    assert balancer.plane.routes == routes(balancer.desired.fleet)
    assert balancer.is_sound()
