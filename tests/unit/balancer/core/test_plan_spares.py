"""The decision about spares, rolled servers and containers' names. test_plan.py has the rest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core import roll
from balancer.core.fleet import Fleet
from balancer.core.lifecycle import State
from balancer.core.observed import Observed
from balancer.core.plan import HUNG, Plan, decide
from balancer.core.release import Release
from balancer.core.silence import Silences
from tests.unit.balancer.core.fleets import PROFILES, serving

GONE = "its container is gone"
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


def fleet(servers: int = 3, spares: int = 0) -> Fleet:
    """S1 … serve, P1 … are spares."""
    names = [f"P{number}" for number in range(1, spares + 1)]
    return serving(servers, PROFILES[0]).begin_join(names).fill({name: f"{name}:5000" for name in names})


def rolling() -> Fleet:
    """A deploy rolls, and no server has its release yet."""
    deploying = roll.begun(fleet(), Release(image="app:2"), surge=1, batch=1)
    assert deploying.deploy is not None
    return roll.pulled(deploying, deploying.deploy.release)


def observed(of: Fleet, *without: str) -> dict[str, Observed]:
    """Everything as the fleet wants it, but for the containers of some that are gone."""
    return {
        server.instance: Observed(
            server.instance,
            server.ring_id,
            running=True,
            address=server.address,
            status="up",
            release=server.release,
            generation=server.generation,
            container_name=f"{server.hostname}.spare" if server.state is State.SPARE else server.hostname,
        )
        for server in of.servers
        if server.state is not State.DOWN and server.instance not in without
    }


def decided(
    desired: Fleet,
    seen: dict[str, Observed],
    *,
    spares: int = 0,
    hung: Collection[tuple[int, int]] = (),
    starting: int = 0,
    claimed: Collection[str] = (),
) -> Plan:
    known = {server.identity for server in desired.servers}
    return decide(
        desired,
        seen,
        known=known,
        silences=Silences(silent=frozenset(hung), hung=frozenset(hung)),
        starting=starting,
        claimed=claimed,
        spares=spares,
    )


@pytest.mark.parametrize("spares", [0, 1, 3])
def test_nothing_follows_when_all_is_as_it_shall_be(spares: int) -> None:
    desired = fleet(spares=spares)
    assert decided(desired, observed(desired), spares=spares) == NOTHING


@pytest.mark.parametrize(
    ("present", "wanted", "starting", "start"), [(0, 2, 0, 2), (1, 2, 0, 1), (0, 2, 1, 1), (0, 2, 3, 0)]
)
def test_missing_spares_are_started(present: int, wanted: int, starting: int, start: int) -> None:
    desired = fleet(spares=present)
    assert decided(desired, observed(desired), spares=wanted, starting=starting) == replace(NOTHING, start=start)


def test_a_failed_server_is_replaced_by_the_first_spare_and_the_pool_refilled() -> None:
    desired = fleet(spares=2)
    plan = decided(desired, observed(desired, "S2"), spares=2)
    assert plan == replace(NOTHING, failed={"S2": GONE}, promote=("P1",), start=1, rename={"P1": "P1"})


def test_where_more_fail_than_there_are_spares_the_rest_is_started() -> None:
    desired = fleet(spares=1)
    plan = decided(desired, observed(desired, "S1", "S2", "S3"), spares=1)
    assert (tuple(plan.failed), plan.promote, plan.start) == (("S1", "S2", "S3"), ("P1",), 3)


def test_what_is_starting_already_counts_for_the_pool() -> None:
    desired = fleet(spares=1)
    plan = decided(desired, observed(desired, "S1"), spares=1, starting=1)
    assert (plan.promote, plan.start) == (("P1",), 0)


def test_a_server_that_was_down_before_is_replaced_as_soon_as_there_is_a_spare() -> None:
    desired = fleet(spares=1).fail(["S2"])
    assert decided(desired, observed(desired), spares=1) == replace(
        NOTHING, promote=("P1",), start=1, rename={"P1": "P1"}
    )


def test_a_failed_spare_is_forgotten_fenced_and_not_promoted() -> None:
    desired = fleet(spares=2)
    hung = desired.server("P1").identity
    plan = decided(desired, observed(desired, "S2"), spares=2, hung={hung})
    assert plan.failed == {"S2": GONE, "P1": HUNG}
    assert (plan.promote, plan.fence, plan.start) == (("P2",), ("P1",), 2)


def test_spares_beyond_the_change_are_dismissed_and_removed() -> None:
    desired = fleet(spares=3)
    plan = decided(desired, observed(desired), spares=1)
    assert plan == replace(NOTHING, dismiss=("P2", "P3"), fence=("P2", "P3"))


def test_a_spare_that_somebody_is_removing_already_is_left_to_him() -> None:
    desired = fleet(spares=1)
    assert decided(desired, observed(desired), spares=0, claimed={"P1"}).fence == ()


def test_spares_of_another_release_go_and_are_replaced() -> None:
    desired = replace(fleet(spares=2), release=Release(number=2))
    plan = decided(desired, observed(desired), spares=2)
    assert plan == replace(NOTHING, dismiss=("P1", "P2"), fence=("P1", "P2"), start=2)


def test_in_need_a_spare_of_another_release_is_better_than_none_and_worse_than_one_of_this() -> None:
    desired = replace(fleet(spares=1), release=Release(number=2))
    desired = desired.begin_join(["P9"]).fill({"P9": "P9:5000"})
    assert decided(desired, observed(desired, "S1"), spares=1).promote == ("P9",)
    assert decided(desired, observed(desired, "S1", "S2"), spares=1).promote == ("P9", "P1")


def test_a_spare_at_another_address_has_moved() -> None:
    desired = fleet(spares=1)
    seen = observed(desired)
    seen["P1"] = replace(seen["P1"], address="elsewhere:5000")
    assert decided(desired, seen, spares=1) == replace(NOTHING, moved={"P1": "elsewhere:5000"})


@given(
    servers=st.integers(0, 5),
    spares=st.integers(0, 4),
    wanted=st.integers(0, 4),
    lost=st.sets(st.sampled_from(["S1", "S2", "S3", "S4", "S5", "P1", "P2", "P3", "P4"])),
    starting=st.integers(0, 3),
)
def test_afterwards_there_are_or_will_be_n_servers_and_the_spares(
    servers: int, spares: int, wanted: int, lost: set[str], starting: int
) -> None:
    desired = fleet(servers, spares)
    plan = decided(desired, observed(desired, *lost), spares=wanted, starting=starting)
    after = desired.fail(plan.failed).promoted(plan.promote).dismiss(plan.dismiss)
    serve, spare = len(after.of(State.SERVING)), len(after.of(State.SPARE))
    assert serve <= after.target == servers
    assert spare <= wanted
    assert spare == 0 or serve == servers
    assert serve + spare + plan.start + starting >= servers + wanted
    assert plan.start == 0 or serve + spare + plan.start + starting == servers + wanted
    assert not set(plan.promote) & {*plan.failed, *plan.dismiss}


# Names.


def test_a_spares_container_says_so_and_a_promoted_one_gets_its_hostname() -> None:
    desired = fleet(spares=2)
    seen = {instance: replace(container, container_name=instance) for instance, container in observed(desired).items()}
    assert decided(desired, seen, spares=2).rename == {"P1": "P1.spare", "P2": "P2.spare"}
    promoted = desired.fail(["S1"]).promoted(["P1"])
    assert decided(promoted, observed(desired, "S1"), spares=1).rename == {"P1": "P1"}


def test_a_rolled_servers_container_gets_the_hostname_as_soon_as_the_old_one_is_gone() -> None:
    desired = rolling()
    release = roll.goal(desired)
    assert release is not None
    newcomers = roll.newcomers(desired.of(State.SERVING)[:1], release, desired.generation)
    switched = roll.taken_over(roll.joining(desired, newcomers), {"S1.2": "new:5000"})
    seen = observed(switched)
    seen["S1.2"] = replace(seen["S1.2"], container_name="S1.2")
    assert decided(switched, seen, claimed={"S1"}) == NOTHING
    assert decided(switched.stopped(["S1"]), {"S1.2": seen["S1.2"], "S2": seen["S2"], "S3": seen["S3"]}) == replace(
        NOTHING, rename={"S1.2": "S1"}
    )


def test_a_joining_container_keeps_its_name() -> None:
    desired = fleet().begin_join(["S4"])
    assert decided(desired, observed(desired), claimed={"S4"}) == NOTHING


# Containers of one server and several releases.


def test_two_containers_of_one_server_are_told_apart() -> None:
    desired = rolling()
    release = roll.goal(desired)
    assert release is not None
    joining = roll.joining(desired, roll.newcomers(desired.of(State.SERVING)[:1], release, desired.generation))
    assert decided(joining, observed(joining), claimed={"S1.2"}) == NOTHING
    plan = decided(joining, observed(joining))
    assert (plan.abandon, plan.fence, plan.failed) == (("S1.2",), ("S1.2",), {})


def test_a_suspicion_of_the_old_container_does_not_hit_the_new_one() -> None:
    desired = rolling()
    release = roll.goal(desired)
    assert release is not None
    joining = roll.joining(desired, roll.newcomers(desired.of(State.SERVING)[:1], release, desired.generation))
    switched = roll.taken_over(joining, {"S1.2": "new:5000"}).stopped(["S1"])
    assert decided(switched, observed(switched), hung={(1, 1)}) == NOTHING
    assert tuple(decided(switched, observed(switched), hung={(1, 2)}).failed) == ("S1.2",)
