"""The balancer dies before any call to the outside world, of every operation, and while it recovers once more.

What was acknowledged is there, what was not is there whole or not at all, no container is left over, none is there
twice, and a deploy goes on where it was. test_kill_9.py looks closer at the operations on servers and the ring.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pytest

from balancer.core.deploy import Stage
from balancer.core.fleet import Fleet
from balancer.core.fleet_change import FleetChange
from tests.fakes.process import Crash
from tests.unit.balancer.in_memory import InMemoryBalancer
from tests.unit.balancer.rolling import NEW, OLD, carry_on, made_of

RING = {"strategy": "ring", "slots": 64}
ROUNDS = 40
"""More than any recovery needs."""


@dataclass(frozen=True)
class Operation:
    """`run` calls its second argument when it is acknowledged; `check` gets the fleet of before, the balancer that has
    recovered, and whether it was. `least` is how many points there are at least."""

    run: Callable[[InMemoryBalancer, Callable[[], None]], None]
    check: Callable[[Fleet, InMemoryBalancer, bool], None]
    least: int
    spares: int = 0


# The operations, and what has to be true of them afterwards.


def add(balancer: InMemoryBalancer, acknowledged: Callable[[], None]) -> None:
    balancer.fleet.add(FleetChange(2, ("S4", "S5"), weight=2))
    acknowledged()


def added(before: Fleet, after: InMemoryBalancer, is_acknowledged: bool) -> None:
    more = {*before.replicas, "S4", "S5"}
    assert set(after.replicas) in ([more] if is_acknowledged else [more, set(before.replicas)])


def remove(balancer: InMemoryBalancer, acknowledged: Callable[[], None]) -> None:
    balancer.fleet.remove(FleetChange(1, ("S1",)))
    acknowledged()


def removed(before: Fleet, after: InMemoryBalancer, is_acknowledged: bool) -> None:
    fewer = set(before.replicas) - {"S1"}
    assert set(after.replicas) in ([fewer] if is_acknowledged else [fewer, set(before.replicas)])


def lose(balancer: InMemoryBalancer, acknowledged: Callable[[], None]) -> None:
    balancer.runtime.die("S2")
    balancer.steps(3)


def replaced(before: Fleet, after: InMemoryBalancer, is_acknowledged: bool) -> None:
    fleet = after.desired.fleet
    assert "S2" not in fleet.replicas
    assert set(before.replicas) - {"S2"} < set(fleet.replicas)
    assert sorted(server.weight for server in fleet.servers if server.hostname in fleet.replicas) == [1, 1, 3]


def roll(balancer: InMemoryBalancer, acknowledged: Callable[[], None]) -> None:
    balancer.rollout.begin(NEW)
    acknowledged()
    carry_on(balancer)


def is_as_before(before: Fleet, after: InMemoryBalancer) -> None:
    """But for what the containers are made of."""
    fleet = after.desired.fleet
    assert fleet.table.digest() == before.table.digest()
    assert (fleet.target, fleet.version, fleet.replicas) == (before.target, before.version, before.replicas)
    servers = {server.hostname: (server.ring_id, server.weight) for server in fleet.servers}
    assert {name: servers[name] for name in fleet.replicas} == {
        server.hostname: (server.ring_id, server.weight)
        for server in before.servers
        if server.hostname in before.replicas
    }


def images(balancer: InMemoryBalancer) -> set[str]:
    assert all(replace(release, image="") == replace(OLD, image="") for release in made_of(balancer).values())
    return {release.image for release in made_of(balancer).values()}


def rolled(before: Fleet, after: InMemoryBalancer, is_acknowledged: bool) -> None:
    is_as_before(before, after)
    deploy = after.desired.fleet.deploy
    assert deploy is not None or not is_acknowledged
    assert deploy is None or deploy.stage is Stage.DONE
    assert images(after) == {"app:1" if deploy is None else "app:2"}


def roll_in_vain(balancer: InMemoryBalancer, acknowledged: Callable[[], None]) -> None:
    """The second server does not start."""
    balancer.rollout.begin(NEW)
    acknowledged()
    balancer.rollout.carry_out_surge()
    balancer.runtime.ending_at_once = {"app:2"}
    carry_on(balancer)


def rolled_in_vain(before: Fleet, after: InMemoryBalancer, is_acknowledged: bool) -> None:
    """A death before the second server leaves a deploy that goes well."""
    is_as_before(before, after)
    deploy = after.desired.fleet.deploy
    assert deploy is not None or not is_acknowledged
    assert images(after) == {"app:2" if deploy is not None and deploy.stage is Stage.DONE else "app:1"}
    if after.runtime.ending_at_once and deploy is not None:
        assert deploy.stage is Stage.ROLLED_BACK


def roll_back(balancer: InMemoryBalancer, acknowledged: Callable[[], None]) -> None:
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    balancer.rollout.cancel()
    acknowledged()
    carry_on(balancer)


def rolled_back(before: Fleet, after: InMemoryBalancer, is_acknowledged: bool) -> None:
    is_as_before(before, after)
    deploy = after.desired.fleet.deploy
    stage = deploy and deploy.stage
    assert stage in ((Stage.ROLLED_BACK,) if is_acknowledged else (Stage.ROLLED_BACK, Stage.DONE, None))
    assert images(after) == {"app:2" if stage is Stage.DONE else "app:1"}


def switch(balancer: InMemoryBalancer, acknowledged: Callable[[], None]) -> None:
    balancer.ring.switch(RING)
    acknowledged()


def switched(before: Fleet, after: InMemoryBalancer, is_acknowledged: bool) -> None:
    wanted = after.catalogue.profile(RING)
    assert after.desired.fleet.profile in ([wanted] if is_acknowledged else [wanted, before.profile])
    assert after.replicas == before.replicas


def weigh(balancer: InMemoryBalancer, acknowledged: Callable[[], None]) -> None:
    balancer.ring.weigh("S3", 5)
    acknowledged()


def weighed(before: Fleet, after: InMemoryBalancer, is_acknowledged: bool) -> None:
    assert after.desired.fleet.server("S3").weight in ([5] if is_acknowledged else [5, 1])
    assert after.replicas == before.replicas


OPERATIONS = {
    "add": Operation(add, added, least=7),
    "remove": Operation(remove, removed, least=6),
    "replace": Operation(lose, replaced, least=12),
    "promote": Operation(lose, replaced, least=14, spares=1),
    "roll": Operation(roll, rolled, least=50, spares=1),
    "roll in vain": Operation(roll_in_vain, rolled_in_vain, least=40),
    "roll back": Operation(roll_back, rolled_back, least=30),
    "ring": Operation(switch, switched, least=3),
    "weight": Operation(weigh, weighed, least=3),
}
each_operation = pytest.mark.parametrize("name", OPERATIONS)


# How it is cut, and how it goes on.


def begun(operation: Operation) -> InMemoryBalancer:
    """Three servers of different weights."""
    balancer = InMemoryBalancer(release=OLD, spares=operation.spares, seed=7).started()
    balancer.ring.weigh("S2", 3)
    return balancer


def cut(balancer: InMemoryBalancer, operation: Operation, *, after: int) -> tuple[bool, bool]:
    """Runs it until the process dies after so many calls: whether it did, and whether it had acknowledged."""
    acknowledged: list[bool] = []
    balancer.world.process.dies(after=after)
    try:
        operation.run(balancer, lambda: acknowledged.append(True))
    except Crash:
        has_died = True
    else:
        has_died = False
    balancer.settle()
    return has_died, bool(acknowledged)


def recover(balancer: InMemoryBalancer) -> None:
    """As the loops do it: steps, and steps of the deploy that was running."""
    for done in range(ROUNDS):
        balancer.clock.sleep(5)
        balancer.step()
        if balancer.rollout.is_running:
            balancer.rollout.carry_out_surge()
        elif done >= 3 and balancer.is_sound():
            return
    raise AssertionError(f"not sound: {balancer.desired.fleet}, {balancer.runtime.observe()}")


def recovered(dead: InMemoryBalancer, *, again_after: int | None, **settings: Any) -> InMemoryBalancer:
    """The successor, or the successor's where that one dies after so many calls, too."""
    successor = dead.restarted(**settings)
    if again_after is not None:
        successor.world.process.dies(after=again_after)
        with suppress(Crash):
            recover(successor)
        successor.settle()
        successor = successor.restarted()
    recover(successor)
    assert successor.health.report()["ready"]
    return successor


@each_operation
def test_wherever_it_dies_what_was_acknowledged_is_there_and_nothing_is_half_done(name: str) -> None:
    operation, chance = OPERATIONS[name], random.Random(name)  # noqa: S311 (it must repeat itself)
    for after in count():
        balancer = begun(operation)
        before = balancer.desired.fleet
        has_died, is_acknowledged = cut(balancer, operation, after=after)
        again_after = chance.choice([None, chance.randrange(40)])
        try:
            successor = recovered(balancer, again_after=again_after)
            operation.check(before, successor, is_acknowledged)
        except (AssertionError, StopIteration) as error:
            raise AssertionError(f"{name}: died after {after} calls and again after {again_after}") from error
        if not has_died:
            break
    assert after >= operation.least


@each_operation
def test_with_the_state_damaged_too_what_serves_is_taken_up_and_none_of_it_is_deleted(name: str) -> None:
    operation = OPERATIONS[name]
    for after in range(0, 200, 2):
        balancer = begun(operation)
        has_died, _ = cut(balancer, operation, after=after)
        balancer.world.process.restarts()
        served = serving_containers(balancer)
        balancer.store.damaged = True
        try:
            successor = recovered(balancer, again_after=None)
            kept = {container.ring_id for container in successor.runtime.observe().values()}
            assert served.keys() <= kept
            assert set(successor.replicas) >= set(served.values())
        except (AssertionError, StopIteration) as error:
            raise AssertionError(f"{name}: died after {after} calls") from error
        if not has_died:
            break
    assert after >= operation.least - 2


def test_of_two_containers_of_a_server_the_one_that_runs_is_taken_up() -> None:
    """The old one had just ended when the balancer died, and had not been removed yet. The one that runs is not of the
    settings' release, and is rolled."""
    balancer = InMemoryBalancer(release=OLD).started()
    stop = balancer.runtime.stop

    def end_and_die(instance: str) -> None:
        balancer.runtime.die(instance)
        balancer.world.process.dies(after=0)
        stop(instance)

    balancer.runtime.stop = end_and_die  # type: ignore[method-assign]
    balancer.rollout.begin(NEW)
    with pytest.raises(Crash):
        balancer.rollout.carry_out_surge()
    balancer.store.damaged = True
    balancer.runtime.stop = stop  # type: ignore[method-assign]
    successor = recovered(balancer, again_after=None)
    assert successor.replicas == ("S1", "S2", "S3")
    assert {server.instance for server in successor.desired.fleet.servers} == {"S1.3", "S2", "S3"}


def serving_containers(balancer: InMemoryBalancer) -> dict[int, str]:
    """Ring id → hostname of all that run and that requests reach. One that had been a spare until a moment ago is still
    called so, and can be taken for one."""
    observed = balancer.runtime.observe()
    reached = {backend.instance for backend in balancer.plane.routes.backends if not backend.draining}
    return {
        container.ring_id: instance.partition(".")[0]
        for instance, container in observed.items()
        if instance in reached and container.running and not container.container_name.endswith(".spare")
    }
