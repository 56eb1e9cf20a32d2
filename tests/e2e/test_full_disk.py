"""The disk of the state volume is full while a deploy goes back: nothing is lost, and it ends when there is room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from balancer.core.lifecycle import State
from tests.containers import run_in
from tests.deployment import Deployment
from tests.e2e.conftest import N, only_haproxy
from tests.e2e.under_load import load
from tests.polling import stays, until
from tests.system import STATE, System

pytestmark = [pytest.mark.docker, pytest.mark.terraform, only_haproxy]

SMALL = """
resource "docker_volume" "this" {
  driver_opts = each.key == "state" ? { type = "tmpfs", device = "tmpfs", o = "size=128k,uid=10001,mode=700" } : {}
}
"""
"""The state volume is a small file system of its own, and lasts as long as the balancer's container runs."""
FILLER = STATE.replace("fleet.json", "filler")
MARK = "E2E_MARK"
RESYNC = 1.0
"""Seconds after which the balancer tries again what it could not save."""


@pytest.fixture
def small(plane: str) -> Iterator[Deployment]:
    with Deployment(data_plane=plane, override=SMALL) as small:
        yield small


@contextmanager
def full_disk(system: System) -> Iterator[None]:
    """Filled twice, for a save that ran meanwhile leaves room behind."""
    fill = f"cat /dev/zero >>{FILLER} 2>/dev/null"
    run_in(system.containers.balancer, "sh", "-c", f"{fill}; {fill}; test -s {FILLER}")
    try:
        yield
    finally:
        run_in(system.containers.balancer, "rm", FILLER)


def marked(system: System) -> set[str]:
    """The servers whose container has the new release's environment."""
    containers = system.containers
    return {name for name, server in containers.servers.items() if containers.environment(server).get(MARK)}


def rolled(system: System) -> list[str]:
    """The servers whose new container serves, in the order in which they got it."""
    return [server.hostname for server in system.fleet.of(State.SERVING) if server.rolled]


def ails(system: System) -> bool:
    return "No space left" in system.report["ailments"].get("state", "")


@pytest.mark.long
def test_a_deploy_that_fails_while_the_disk_is_full_goes_back_when_there_is_room(small: Deployment) -> None:
    before = small.replicas
    with load(small) as traffic:
        assert small.deploy({"environment": {MARK: "new"}}).status == 202
        victim, _ = until(lambda: rolled(small)[1:] and rolled(small), "two are rolled", within=30)
        with full_disk(small):
            small.containers.server(victim).kill()  # early, and of the new release: the deploy has to go back
            until(lambda: ails(small), "/readyz tells of the disk", within=15)
            assert small.readyz().status == 503
            saved = small.fleet
            for refused in (small.add(1, ["S90"]), small.put_ring({"strategy": "maglev"}), small.weigh(before[-1], 2)):
                assert (refused.status, refused.document["status"]) == (503, "failure"), refused
            stays(lambda: ails(small) and small.stage == "rolling", "it cannot go back", seconds=2 * RESYNC)
            assert small.fleet == saved
        until(lambda: small.stage == "rolling back", "it goes back", within=20, pause=0.01)
        with full_disk(small):
            until(lambda: ails(small), "/readyz tells of the disk again", within=15)
            stays(lambda: small.stage == "rolling back", "it has not ended", seconds=2 * RESYNC)
        until(lambda: small.stage == "rolled back", f"it has gone back, which is {small.stage}", within=60)
        small.wait_until_ready()
    assert traffic.failed == 0, str(traffic)
    assert small.operate("GET", "/deploy").document["deploy"]["reason"].startswith(f"{victim} failed")
    assert len(small.replicas) == N
    assert set(before) - {victim} < set(small.replicas), "a server that did not fail is gone"
    assert marked(small) == set()
    until(lambda: small.only_its_fleet_runs, "nothing else runs", within=15)
    assert small.ring().document["profile"]["strategy"] == "table"
    assert set(small.slot_map) == set(small.replicas)
