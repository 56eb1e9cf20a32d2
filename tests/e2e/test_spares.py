"""A spare takes a failed server's place before anything is started, no request is lost, a new spare is made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from loadtests.faults.replacements import killed, time_of, told
from tests.deployment import Deployment
from tests.e2e.conftest import Measured
from tests.e2e.under_load import load
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

SERVERS = 4
"""So that all of them own the same number of slots."""
KILLS = 5


@pytest.fixture(scope="module")
def spared(plane: str) -> Iterator[Deployment]:
    with Deployment(data_plane=plane, replicas=SERVERS, spares=1) as spared:
        yield spared


@pytest.fixture
def whole(spared: Deployment) -> Deployment:
    """Its servers serve, and one spare is ready."""
    until(lambda: spared.is_ready and len(spares(spared)) == 1, "a spare is ready", within=30)
    assert len(spared.replicas) == SERVERS, spared.replicas
    return spared


def spares(system: System) -> list[str]:
    """None where the balancer is held up."""
    answer = system.ring()
    servers = answer.document["servers"] if answer.status == 200 else []
    return [server["hostname"] for server in servers if server["state"] == "spare"]


def test_a_spare_takes_a_killed_servers_place_at_once(whole: Deployment, measured: Measured) -> None:
    promoted, started = [], []
    with load(whole) as traffic:
        for _ in range(KILLS):
            until(lambda: len(spares(whole)) == 1, "a spare is ready", within=30)
            (spare,), before, slots = spares(whole), whole.replicas, whole.slot_map
            container = whole.containers.server(spare).id
            victim = before[0]
            last = whole.operate("GET", "/events").document["next"]
            ended = killed(whole, whole.containers.server(victim))
            promotion = told(whole, "promoted", after=last)
            promoted.append(time_of(promotion) - ended)
            assert promotion["server"] == spare, "another server than the spare was promoted"
            replaced = told(whole, "replaced", after=last)
            assert replaced["server"] == victim, replaced
            assert whole.replicas == [*(name for name in before if name != victim), spare]
            whole.wait_until_ready()
            assert whole.slot_map == tuple(spare if owner == victim else owner for owner in slots), "other slots moved"
            made = told(whole, "spare", after=last)
            assert made["server"] not in {*before, spare}, "the new spare is none"
            assert promotion["number"] < made["number"], "the promotion waited for the next spare"
            assert whole.containers.server(spare).id == container, "the spare was started anew"
            started.append(made["seconds"])
    measured(f"promoted after {seconds(promoted)}, a new spare started in {seconds(started)}; {traffic}")
    assert traffic.failed == 0, str(traffic)
    assert len(spares(whole)) == 1
    until(lambda: set(whole.containers.servers) == {*whole.replicas, *spares(whole)}, "nothing else runs", within=15)


def test_a_spare_that_fails_is_made_anew_and_the_ring_is_as_it_was(whole: Deployment) -> None:
    (spare,), replicas, slots = spares(whole), whole.replicas, whole.slot_map
    with load(whole) as traffic:
        whole.containers.server(spare).kill()
        until(lambda: spares(whole) not in ([], [spare]), "there is another spare", within=30)
    assert traffic.failed == 0, str(traffic)
    assert (whole.replicas, whole.slot_map) == (replicas, slots)


def seconds(measured: list[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in measured) + " s"
