"""The bodies of /add and /rm: every way to be wrong with its reason, and the servers that a right one means."""

from __future__ import annotations

import json
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.document import printable
from balancer.core.errors import InvalidRequest, RingFull
from balancer.core.fleet_change import FleetChange, parse, to_add, to_remove
from balancer.core.fleet_change import weight as weight_in
from tests.fakes.randomness import SeededRandomness
from tests.unit.balancer.bad_bodies import BAD_BODIES

TOO_MANY = "Length of hostname list is more than newly added instances"
FULL = "max_servers is 64 and there are 62"


def read(body: bytes) -> FleetChange:
    return parse(body, too_many=TOO_MANY)


@pytest.mark.parametrize(
    ("body", "change"),
    [
        (b'{"n":1}', FleetChange(1)),
        (b'{"n":4,"hostnames":["S5","S4","S10","S11"]}', FleetChange(4, ("S5", "S4", "S10", "S11"))),
        (b'{"n":3,"hostnames":["S5"]}', FleetChange(3, ("S5",))),
        (b'{"hostnames":[],"n":2}', FleetChange(2)),
        (b' \r\n\t{ "n" : 2 }\n', FleetChange(2)),
        (b'{"n":1,"comment":null,"replicas":2.5,"deep":{"n":0}}', FleetChange(1)),
        (b'{"N":7,"n":1}', FleetChange(1)),
        (b'{"n":1,"hostnames":["server_1"]}', FleetChange(1, ("server_1",))),
        (b'{"\\u006e":1}', FleetChange(1)),
        (b'{"n":2,"weight":3}', FleetChange(2, weight=3)),
        (b'{"n":1,"weight":0}', FleetChange(1, weight=0)),
        (b'{"n":1,"weight":256}', FleetChange(1, weight=256)),
    ],
)
def test_a_right_body_is_read(body: bytes, change: FleetChange) -> None:
    assert read(body) == change


@pytest.mark.parametrize(("body", "reason"), BAD_BODIES)
def test_a_wrong_body_is_refused_with_its_reason(body: bytes, reason: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(reason)):
        read(body)


@pytest.mark.parametrize("weight", ["-1", "257", "1.0", "1e2", "true", "null", '"1"', "[1]", "{}", "1" + 400 * "0"])
def test_a_weight_that_is_no_integer_from_0_to_256_is_refused(weight: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^weight must be an integer from 0 to 256$"):
        read(b'{"n":1,"weight":%b}' % weight.encode())


def test_a_weight_that_has_to_be_there_is_missed() -> None:
    with pytest.raises(InvalidRequest, match=r"^weight is missing: an integer from 0 to 256$"):
        weight_in({"n": 1})


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_and_nothing_else_happens(body: bytes) -> None:
    with suppress(InvalidRequest):
        assert read(body).n >= 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["n", "hostnames", "x"]), inner),
    max_leaves=8,
)


@given(JSON)
def test_any_json_is_read_or_refused_and_nothing_else_happens(document: object) -> None:
    with suppress(InvalidRequest):
        change = read(json.dumps(document).encode())
        assert isinstance(document, dict)
        assert change.n == document["n"] >= 1


def test_what_a_user_wrote_is_shown_short_and_quoted() -> None:
    assert printable('a"b\n') == '"a\\"b\\n"'
    assert len(printable("x" * 10_000)) < 80


def added(change: FleetChange, *, room: int = 10, reserved: tuple[str, ...] = ("ringmaster-edge",)) -> tuple[str, ...]:
    return to_add(
        change,
        taken=["S1", "S2", "kd4r7w"],
        reserved=reserved,
        room=room,
        limit=FULL,
        choose=SeededRandomness(1).choice,
    )


def test_names_of_the_user_come_first_and_the_rest_is_made_up() -> None:
    names = added(FleetChange(3, ("S5", "S4")))
    assert names[:2] == ("S5", "S4")
    assert re.fullmatch("[a-z0-9]{6}", names[2])


@pytest.mark.parametrize("name", ["S1", "s1", "KD4R7W"])
def test_a_name_of_the_fleet_cannot_be_added(name: str) -> None:
    with pytest.raises(InvalidRequest, match=f"hostnames: {name} already exists"):
        added(FleetChange(1, (name,)))


@pytest.mark.parametrize("name", ["ringmaster-edge", "Ringmaster-Edge"])
def test_a_name_of_the_deployments_own_parts_cannot_be_added(name: str) -> None:
    with pytest.raises(InvalidRequest, match=f"hostnames: {name} is the name of a part of the deployment itself"):
        added(FleetChange(1, (name,)))


def test_the_last_place_can_be_filled_and_not_more() -> None:
    assert len(added(FleetChange(2), room=2)) == 2
    with pytest.raises(RingFull, match=f"n: 3 is too many: {FULL}"):
        added(FleetChange(3), room=2)


def test_an_astronomic_n_is_refused_before_a_name_is_made_up() -> None:
    with pytest.raises(RingFull, match="too many"):
        added(FleetChange(10**300))


@given(st.integers(1, 10))
def test_added_names_are_new_and_different(n: int) -> None:
    names = added(FleetChange(n))
    assert len({name.lower() for name in names} | {"s1", "s2", "kd4r7w"}) == n + 3


def removed(change: FleetChange, replicas: tuple[str, ...] = ("S1", "S2", "S3")) -> tuple[str, ...]:
    return to_remove(change, replicas=replicas, draw=SeededRandomness(1).draw)


def test_named_servers_are_removed_and_the_rest_is_drawn_among_the_others() -> None:
    names = removed(FleetChange(2, ("S2",)))
    assert names[0] == "S2"
    assert names[1] in ("S1", "S3")


def test_all_servers_can_be_removed() -> None:
    assert set(removed(FleetChange(3))) == {"S1", "S2", "S3"}


def test_every_server_is_drawn_at_times() -> None:
    chance = SeededRandomness(1)
    drawn = {to_remove(FleetChange(1), replicas=("S1", "S2", "S3"), draw=chance.draw) for _ in range(100)}
    assert drawn == {("S1",), ("S2",), ("S3",)}


@pytest.mark.parametrize("name", ["S4", "s1"])
def test_an_unknown_server_cannot_be_removed(name: str) -> None:
    with pytest.raises(InvalidRequest, match=f"hostnames: {name} does not exist"):
        removed(FleetChange(1, (name,)))


def test_more_than_there_are_cannot_be_removed() -> None:
    with pytest.raises(InvalidRequest, match="n: 4 is too many: there are 3 servers"):
        removed(FleetChange(4))
