"""Changes of the fleet: which hostnames can be, and the servers that a change means."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.document import printable
from balancer.core.errors import InvalidRequest, RingFull
from balancer.core.fleet_change import FleetChange, checked, to_add, to_remove
from tests.fakes.randomness import SeededRandomness

TOO_MANY = "Length of hostname list is more than newly added instances"
FULL = "max_servers is 64 and there are 62"


def test_hostnames_beyond_n_are_refused_first() -> None:
    with pytest.raises(InvalidRequest, match=f"^{TOO_MANY}$"):
        checked(FleetChange(1, ("not a name", "S4")), too_many=TOO_MANY)


@pytest.mark.parametrize(
    ("hostnames", "why"),
    [
        (("S4", "a b"), 'hostnames: "a b" is not a valid hostname: 2 to 63 letters'),
        (("S4", "s4"), "hostnames: s4 is given twice"),
    ],
)
def test_hostnames_that_cannot_be_are_refused(hostnames: tuple[str, ...], why: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{why}"):
        checked(FleetChange(2, hostnames), too_many=TOO_MANY)


def test_a_good_change_stays_as_it_is() -> None:
    change = FleetChange(2, ("S4", "server_1"), weight=3)
    assert checked(change, too_many=TOO_MANY) is change


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
