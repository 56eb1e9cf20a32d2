"""The one decision: what follows from the desired fleet and what is observed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from balancer.core.fleet import Fleet
from balancer.core.lifecycle import State
from balancer.core.observed import Observed
from balancer.core.plan import HUNG, Plan, decide, failure
from balancer.core.ring_profile import RingProfile
from balancer.core.silence import Silences
from balancer.core.strategies import Table

PROFILE = RingProfile(strategy=Table(slots=8))
NOTHING = Plan(
    failed={},
    silenced=(),
    answered=(),
    crowd=(),
    promote=(),
    dismiss=(),
    fence=(),
    moved={},
    abandon=(),
    retire=(),
    start=0,
    rename={},
)


def fleet(count: int = 3) -> Fleet:
    names = [f"S{number}" for number in range(1, count + 1)]
    return Fleet.first(names, PROFILE).fill({name: address(name) for name in names})


def address(name: str) -> str:
    return f"10.0.0.{name.removeprefix('S')}:5000"


def container(name: str, ring_id: int, *, running: bool = True, at: str | None = None, generation: int = 1) -> Observed:
    status = "up" if running else "exited (137)"
    return Observed(name, ring_id, running, address(name) if at is None else at, status, generation=generation)


def observed(of: Fleet) -> dict[str, Observed]:
    """Everything as the fleet wants it."""
    return {
        server.hostname: container(server.hostname, server.ring_id)
        for server in of.servers
        if server.state is not State.DOWN
    }


def decided(
    desired: Fleet,
    seen: dict[str, Observed],
    *,
    known: Collection[tuple[int, int]] | None = None,
    hung: Collection[tuple[int, int]] = (),
    starting: int = 0,
    claimed: Collection[str] = (),
) -> Plan:
    everyone = {server.identity for server in desired.servers}
    return decide(
        desired,
        seen,
        known=everyone if known is None else known,
        silences=Silences(silent=frozenset(hung), hung=frozenset(hung)),
        starting=starting,
        claimed=claimed,
    )


def test_nothing_follows_when_all_is_as_it_shall_be() -> None:
    assert decided(fleet(), observed(fleet())) == NOTHING


def test_an_empty_fleet_needs_nothing() -> None:
    assert decided(Fleet.empty(PROFILE), {}) == NOTHING


def test_a_vanished_container_is_a_failure_and_calls_for_a_replacement() -> None:
    seen = observed(fleet())
    del seen["S2"]
    assert decided(fleet(), seen) == replace(NOTHING, failed={"S2": "its container is gone"}, start=1)


def test_a_stopped_container_is_a_failure_and_is_removed() -> None:
    seen = observed(fleet()) | {"S2": container("S2", 2, running=False)}
    failed = {"S2": "its container is not running: exited (137)"}
    assert decided(fleet(), seen) == replace(NOTHING, failed=failed, fence=("S2",), start=1)


def test_a_container_off_the_network_is_a_failure_and_is_removed() -> None:
    seen = observed(fleet()) | {"S2": container("S2", 2, at="")}
    failed = {"S2": "its container is off the network"}
    assert decided(fleet(), seen) == replace(NOTHING, failed=failed, fence=("S2",), start=1)


def test_a_container_that_somebody_stops_is_a_failure_and_ends_by_itself() -> None:
    seen = observed(fleet()) | {"S2": replace(container("S2", 2), ending=True)}
    failed = {"S2": "somebody stops its container"}
    assert decided(fleet(), seen) == replace(NOTHING, failed=failed, start=1)
    after = fleet().fail(["S2"])
    assert decided(after, seen).fence == ()
    seen["S2"] = container("S2", 2, running=False)
    assert decided(after, seen).fence == ("S2",)


def test_a_hung_server_is_a_failure_and_is_removed() -> None:
    plan = decided(fleet(), observed(fleet()), hung={(2, 1)})
    assert plan == replace(NOTHING, failed={"S2": HUNG}, fence=("S2",), start=1)


def test_what_is_known_of_a_server_that_is_no_more_hits_nobody() -> None:
    assert decided(fleet(), observed(fleet()), hung={(99, 1), (2, 2)}) == NOTHING


def test_a_server_with_another_address_has_moved() -> None:
    seen = observed(fleet()) | {"S2": container("S2", 2, at="10.0.0.99:5000")}
    assert decided(fleet(), seen) == replace(NOTHING, moved={"S2": "10.0.0.99:5000"})


def test_a_container_of_the_same_name_and_another_ring_id_is_not_the_server() -> None:
    seen = observed(fleet()) | {"S2": container("S2", 7)}
    assert decided(fleet(), seen) == replace(NOTHING, failed={"S2": "its container is gone"}, fence=("S2",), start=1)


def test_a_container_of_the_same_server_and_another_generation_is_not_the_server() -> None:
    seen = observed(fleet()) | {"S2": container("S2", 2, generation=2)}
    assert decided(fleet(), seen) == replace(NOTHING, failed={"S2": "its container is gone"}, fence=("S2",), start=1)


def test_an_orphan_is_removed() -> None:
    seen = observed(fleet()) | {"S9": container("S9", 9)}
    assert decided(fleet(), seen) == replace(NOTHING, fence=("S9",))


def test_what_somebody_has_in_hand_is_left_alone() -> None:
    leaving = fleet().begin_leave(["S1"])
    seen = observed(leaving) | {"S9": container("S9", 9)}
    assert decided(leaving, seen, claimed={"S9", "S1"}) == NOTHING


def test_a_server_that_joined_after_the_observation_cannot_be_missing_from_it() -> None:
    seen = observed(fleet())
    del seen["S3"]
    assert decided(fleet(), seen, known={(1, 1), (2, 1)}) == NOTHING


def test_a_joining_server_is_neither_failed_nor_an_orphan() -> None:
    joining = fleet().begin_join(["S4"])
    assert decided(joining, observed(joining), claimed={"S4"}) == NOTHING
    assert decided(joining, observed(fleet()), claimed={"S4"}) == NOTHING


def test_a_joining_server_that_nobody_brings_up_is_abandoned_and_its_container_removed() -> None:
    joining = fleet().begin_join(["S4"])
    assert decided(joining, observed(joining)) == replace(NOTHING, abandon=("S4",), fence=("S4",))


def test_the_first_fleet_is_never_abandoned() -> None:
    first = Fleet.first(["S1", "S2"], PROFILE)
    assert decided(first, observed(first)) == replace(NOTHING, start=2)


def test_a_leaving_server_that_nobody_cares_for_is_retired() -> None:
    leaving = fleet().begin_leave(["S1"])
    assert decided(leaving, observed(leaving)) == replace(NOTHING, retire=("S1",))


def test_the_container_of_a_server_that_is_down_is_removed_again_when_it_comes_back() -> None:
    down = fleet().fail(["S2"])
    plan = decided(down, observed(fleet()), starting=1)
    assert plan == replace(NOTHING, fence=("S2",))


@pytest.mark.parametrize(("starting", "start"), [(0, 2), (1, 1), (2, 0), (3, 0)])
def test_replacements_on_their_way_are_counted(starting: int, start: int) -> None:
    down = fleet().fail(["S1", "S2"])
    assert decided(down, observed(down), starting=starting).start == start


def test_several_things_can_follow_at_once() -> None:
    leaving = fleet(5).begin_leave(["S5"])
    seen = observed(leaving) | {"S9": container("S9", 9), "S2": container("S2", 2, at="10.0.0.99:5000")}
    del seen["S1"]
    assert decided(leaving, seen, hung={(3, 1)}) == Plan(
        failed={"S1": "its container is gone", "S3": HUNG},
        silenced=(),
        answered=(),
        crowd=(),
        promote=(),
        dismiss=(),
        fence=("S3", "S9"),
        moved={"S2": "10.0.0.99:5000"},
        abandon=(),
        retire=("S5",),
        start=2,
        rename={},
    )


def test_a_healthy_container_has_no_reason_to_count_as_failed() -> None:
    assert failure(container("S1", 1), stopped=False) == ""
