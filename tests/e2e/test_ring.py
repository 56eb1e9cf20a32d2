"""The ring while it runs: switched, weighed, previewed and explained, and what requests see of it in both planes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.containers import crash
from tests.e2e.conftest import Measured, N
from tests.e2e.keyed import KEYED, foretold, keys, served
from tests.e2e.under_load import load, servers_of
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

PROFILES: tuple[Mapping[str, object], ...] = (
    {"strategy": "ring", "request_hash": "xxh64", "key": KEYED},
    {"strategy": "maglev", "key": KEYED},
    {"strategy": "course", "key": KEYED},
    {"strategy": "table", "request_hash": "xxh64", "key": KEYED},
)

REFUSED = (
    ("PUT", "/ring", {"strategy": "jump"}, 400, "strategy must be one of table, course, ring, maglev"),
    ("PUT", "/ring", {"strategy": "table", "slots": 500}, 400, "slots must be a power of two from 2 to 65536"),
    ("PUT", "/ring", {"strategy": "course", "virtual_servers": 256}, 400, "at most 2 servers, not 3"),
    ("PUT", "/ring", {"request_hash": "md4"}, 400, "request_hash must be one of course, crc32, xxh64"),
    ("PUT", "/ring", {"key": "header:"}, 400, "key must be one of random, header:NAME"),
    ("PUT", "/ring", {"bound": 1}, 400, "bound must be null (off) or a number above 1"),
    ("PATCH", "/servers/{first}", {"weight": -1}, 400, "weight must be an integer from 0 to 256"),
    ("PATCH", "/servers/nobody", {"weight": 1}, 404, "nobody"),
    ("POST", "/ring/preview", {"profile": {"strategy": "jump"}}, 400, "strategy must be one of"),
    ("POST", "/ring/preview", {"servers": {"S1": 1.5}}, 400, "weight must be an integer from 0 to 256"),
)
"""Method, path, body → status and a part of the message."""


@pytest.fixture
def ring(system: System) -> Iterator[System]:
    """A system whose ring may be changed: profile and weights are as before when the test has ended."""
    before = system.ring().document["profile"]
    yield system
    system.wait_until_ready()
    for hostname, server in servers(system.ring().document).items():
        if server["weight"] != 1:
            assert system.weigh(hostname, 1).status == 200
    assert system.put_ring(before).status == 200


@pytest.fixture
def keyed(ring: System) -> System:
    """The same, and requests are placed by their header."""
    assert ring.put_ring({"strategy": "table", "key": KEYED}).status == 200
    return ring


def servers(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Hostname → what GET /ring, or one side of a preview, says of it."""
    return {server["hostname"]: server for server in document["servers"]}


def requests(system: System) -> dict[str, int]:
    """Hostname → all requests that it answered."""
    return {name: server["requests"] for name, server in servers(system.operate("GET", "/load").document).items()}


def slots(document: Mapping[str, Any]) -> dict[str, int]:
    return {hostname: server["slots"] for hostname, server in servers(document).items()}


def test_the_profile_is_switched_under_load_and_requests_go_where_the_lookup_says(
    ring: System, measured: Measured
) -> None:
    version = ring.ring().document["version"]
    with load(ring, keys=keys(100)) as traffic:
        for profile in PROFILES:
            switched = ring.put_ring(profile)
            assert switched.status == 200, switched
            document = ring.ring().document
            assert profile.items() <= document["profile"].items()
            assert document["version"] > version
            assert document["in_step"]
            assert served(ring, keys(50)) == foretold(ring, keys(50)), profile
            version = document["version"]
    measured(str(traffic))
    assert traffic.failed == 0, str(traffic)
    places = served(ring, keys(200))
    assert places == foretold(ring, keys(200))
    assert {place.server for place in places.values()} == set(ring.replicas)
    assert {place.server for place in places.values()} == set(ring.slot_map)


def test_what_is_refused_changes_nothing(ring: System) -> None:
    before, standing = ring.ring().document, ring.standing
    for method, path, document, status, said in REFUSED:
        refused = ring.operate(method, path.format(first=ring.replicas[0]), document)
        assert (refused.status, refused.document["status"]) == (status, "failure"), (path, document)
        assert said in refused.document["message"]
        assert ring.ring().document == before, (path, document)
    assert ring.standing == standing


def test_a_preview_changes_nothing_and_foretells_what_the_switch_then_gives(keyed: System) -> None:
    before, slot_map = keyed.ring().document, keyed.slot_map
    profile = {"strategy": "maglev", "slots": 1024, "request_hash": "crc32"}
    seen = keyed.preview({"profile": profile}).document
    assert slots(seen["now"]) == slots(before)
    assert keyed.ring().document == before
    assert keyed.slot_map == slot_map
    after = keyed.put_ring(profile).document
    assert slots(seen["then"]) == slots(after)
    assert seen["then"]["profile"] == after["profile"]
    assert Counter(keyed.slot_map) == slots(after)


def test_what_each_server_got_and_which_keys_came_is_seen(keyed: System) -> None:
    """3000 requests, each with a key of its own. 187 of them are counted, more or less six standard deviations."""
    read = keyed.operate("GET", "/load").document["time"] or ""
    until(lambda: (keyed.operate("GET", "/load").document["time"] or "") > read, "the load is read", within=15)
    before = requests(keyed)
    places = served(keyed, keys(3000)).values()
    sent = Counter(place.server for place in places)
    until(lambda: Counter(requests(keyed)) - Counter(before) == sent, "all are in the load", within=15)
    history = keyed.operate("GET", "/load?history=1").document["history"]
    assert history["servers"].keys() >= sent.keys()
    seen = keyed.operate("GET", "/traffic").document
    assert 110 <= seen["counted"] <= 265
    assert {slot for slot, _ in seen["slots"]} <= {place.slot for place in places}
    told = keyed.preview({"profile": {"strategy": "maglev", "slots": 512, "key": KEYED}}).document["traffic"]
    assert (told["counted"], told["is_exact"]) == (seen["counted"], True)
    assert all(abs(told["now"][name] - sent[name] / 3000) < 0.25 for name in sent)


def test_weight_and_profile_are_followed_and_outlive_a_crash_of_the_balancer(keyed: System) -> None:
    heavy, *others = keyed.replicas
    weighed = keyed.weigh(heavy, 3)
    assert (weighed.status, weighed.document["weight"]) == (200, 3)
    before = keyed.ring().document
    assert slots(before)[heavy] in (307, 308)
    assert {slots(before)[name] for name in others} <= {102, 103}
    assert Counter(keyed.slot_map) == slots(before)
    assert served(keyed, keys(100)) == foretold(keyed, keys(100))
    crash(keyed.containers.balancer)
    until(lambda: not keyed.is_ready, "the balancer is away", within=5, pause=0.01)
    keyed.wait_until_ready()
    after = keyed.ring().document
    assert (after["profile"], after["digest"], slots(after)) == (before["profile"], before["digest"], slots(before))
    assert servers(after)[heavy]["weight"] == 3
    assert served(keyed, keys(100)) == foretold(keyed, keys(100))


def test_a_server_of_weight_0_is_drained_and_stays(keyed: System) -> None:
    drained, *others = keyed.replicas
    with load(keyed, keys=keys(100)) as traffic:
        assert keyed.weigh(drained, 0).status == 200
        assert {place.server for place in served(keyed, keys(60)).values()} == set(others)
    assert traffic.failed == 0, str(traffic)
    assert keyed.replicas == [drained, *others]
    alone = [keyed.weigh(name, 0) for name in others]
    assert [answer.status for answer in alone] == [200, 400]
    assert "one server at least has to keep a weight above 0" in alone[1].document["message"]


def test_a_failure_moves_the_dead_servers_keys_and_no_others(keyed: System) -> None:
    before = served(keyed, keys(100))
    victim = keyed.replicas[0]
    with load(keyed, keys=keys(100)) as traffic:
        keyed.containers.server(victim).kill()
        until(lambda: len(keyed.replicas) == N and victim not in keyed.replicas, "it is replaced", within=30)
    assert traffic.failed == 0, str(traffic)
    keyed.wait_until_ready()
    until(lambda: served(keyed, keys(100)) == foretold(keyed, keys(100)), "the edge obeys what is known", within=5)
    after = served(keyed, keys(100))
    newcomer = keyed.replicas[-1]
    moved = {key for key, place in before.items() if place.server == victim}
    assert moved
    unmoved = {key: servers for key, servers in servers_of(traffic).items() if key not in moved}
    assert unmoved
    assert all(servers == {before[key].server} for key, servers in unmoved.items())
    assert {key for key in before if after[key] != before[key]} == moved
    assert {after[key].server for key in moved} == {newcomer}


def test_answers_tell_server_slot_and_attempt_and_requests_without_a_key_are_counted(keyed: System) -> None:
    told = keyed.lookup("someone").document
    answer = keyed.get("/home", headers={"X-User": "someone"})
    assert answer.headers["X-Served-By"] == told["server"]
    assert answer.headers["X-Ring-Slot"] == str(told["slot"])
    assert answer.headers["X-Ring-Attempt"] == "1"
    before = keyed.ring().document["requests_without_key"]
    for headers in ({}, {"X-User": ""}, {"X-User": "someone"}):
        assert keyed.get("/home", headers=headers).status == 200
    assert keyed.ring().document["requests_without_key"] == before + 2
