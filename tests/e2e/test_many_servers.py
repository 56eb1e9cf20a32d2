"""More servers than the settings foresee: all of them die at once, or the state is lost and the ring has no place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from balancer.adapters.container_spec import INSTANCE, RING_ID
from tests.containers import run_in
from tests.deployment import Deployment
from tests.polling import until
from tests.system import STATE

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

CAPACITY = 14
RING = {"strategy": "course", "slots": 128, "virtual_servers": 9}
MANY = 12


@pytest.fixture(scope="module")
def crowded() -> Iterator[Deployment]:
    """MANY servers, where max_servers allows 1 by now."""
    with Deployment(replicas=1, max_servers=MANY, ring=RING) as crowded:
        assert crowded.add(MANY - 1).status == 200
        crowded.apply(max_servers=1)
        yield crowded


@pytest.mark.long
def test_more_servers_than_max_servers_are_all_replaced_when_they_die_at_once(crowded: Deployment) -> None:
    """The balancer has fewer threads for them than there are starts."""
    before = set(crowded.replicas)
    assert len(before) == MANY
    for container in crowded.containers.servers.values():
        container.kill()
    until(lambda: not before & set(crowded.replicas), "the dead are off the ring", within=10)
    crowded.wait_until_ready(within=90)
    assert len(crowded.replicas) == MANY


@pytest.mark.long
def test_a_lost_state_of_more_servers_than_the_ring_holds_is_told_and_all_serve(crowded: Deployment) -> None:
    template = next(iter(crowded.containers.servers.values()))
    labels = template.attrs["Config"]["Labels"]
    (network,) = template.attrs["NetworkSettings"]["Networks"]
    balancer = crowded.containers.balancer
    run_in(balancer, "rm", STATE, f"{STATE}.last")
    balancer.stop()
    try:
        for number in range(100, 100 + CAPACITY - MANY + 1):
            crowded.containers.engine.containers.run(
                template.attrs["Image"],
                detach=True,
                name=f"{crowded.deployment}-X{number}",
                hostname=f"X{number}",
                network=network,
                environment={"SERVER_ID": f"X{number}"},
                labels={**labels, RING_ID: str(number), INSTANCE: f"X{number}"},
            )
    finally:
        balancer.start()
    until(lambda: len(crowded.replicas) == CAPACITY + 1, "all of them serve", within=30)
    servers = {crowded.get("/home").document["message"].rpartition(" ")[2] for _ in range(400)}
    assert {"X100", "X101", "X102"} <= servers
    assert f"holds at most {CAPACITY} servers, not {CAPACITY + 1}" in crowded.readyz().document["ailments"]["ring"]
    assert crowded.rm(1).status == 200
    crowded.wait_until_ready()
    assert crowded.ring().document["profile"]["strategy"] == "course"
