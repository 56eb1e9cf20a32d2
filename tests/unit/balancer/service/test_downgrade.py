"""A balancer that finds the state of a newer one: it touches nothing, says so, and goes on when that is settled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from balancer.adapters.file_store import FileStore
from balancer.core.catalogue import Catalogue
from balancer.core.errors import Busy
from balancer.core.fleet_change import FleetChange
from balancer.core.release import Release
from tests.unit.balancer.in_memory import InMemoryBalancer


@pytest.fixture
def downgraded(balancer: InMemoryBalancer) -> InMemoryBalancer:
    """It has taken a few steps."""
    balancer.ring.weigh("S2", 3)
    balancer.store.newer = True
    again = balancer.restarted(ring={"strategy": "maglev", "slots": 64})
    again.steps(3)
    return again


def test_nothing_is_saved_routed_started_or_removed(balancer: InMemoryBalancer, downgraded: InMemoryBalancer) -> None:
    """The edge goes on with what it has."""
    assert downgraded.store.saved == balancer.desired.fleet
    assert downgraded.plane.routes == balancer.desired.routes
    assert downgraded.runtime.observe() == balancer.runtime.observe()
    assert downgraded.runtime.killed == downgraded.runtime.stopped == []


def test_it_is_not_ready_and_says_why(downgraded: InMemoryBalancer) -> None:
    report = downgraded.health.report()
    assert not report["ready"]
    assert report["ailments"] == {"state": "the saved fleet is of a newer format"}


def test_users_change_nothing_meanwhile(downgraded: InMemoryBalancer) -> None:
    before = downgraded.store.saved
    with pytest.raises(Busy, match="still taking up its fleet"):
        downgraded.fleet.add(FleetChange(1))
    assert downgraded.store.saved is before


def test_a_server_that_dies_meanwhile_is_replaced_when_the_state_is_known_again(downgraded: InMemoryBalancer) -> None:
    downgraded.runtime.die("S1")
    downgraded.steps(2)
    assert "S1" in downgraded.runtime.names
    downgraded.store.newer = False
    downgraded.steps(3)
    assert "S1" not in downgraded.replicas
    assert downgraded.desired.fleet.server("S2").weight == 3
    assert not downgraded.health.report()["ailments"].get("state")


def test_the_newer_balancer_goes_on_where_it_was(balancer: InMemoryBalancer, downgraded: InMemoryBalancer) -> None:
    before = balancer.desired.fleet
    downgraded.store.newer = False
    newer = downgraded.restarted(ring=None)
    newer.steps(2)
    assert newer.desired.fleet == before
    assert newer.health.report()["ready"]
    assert newer.is_sound()


def test_where_the_file_is_moved_away_the_containers_are_the_fleet(downgraded: InMemoryBalancer) -> None:
    downgraded.store.newer = False
    downgraded.store.saved = None
    downgraded.steps(3)
    assert downgraded.replicas == ("S1", "S2", "S3")
    assert downgraded.health.report()["ready"]
    assert downgraded.is_sound()


def test_the_file_stays_byte_for_byte_until_it_is_moved_away(balancer: InMemoryBalancer, tmp_path: Path) -> None:
    newer = b'{"format": 6, "fleet": {"servers": []}}'
    files = [tmp_path / "fleet.json", tmp_path / "fleet.json.last"]
    for file in files:
        file.write_bytes(newer)
    world = balancer.world
    world.store = FileStore(tmp_path, catalogue=Catalogue(), profile=balancer.profile, release=Release())  # type: ignore[assignment]
    again = InMemoryBalancer(world)
    again.steps(3)
    assert [file.read_bytes() for file in files] == [newer, newer]
    assert "has format 6, and this balancer knows 1 to 5" in again.health.report()["ailments"]["state"]
    for file in files:
        file.rename(file.with_suffix(".away"))
    again.steps(3)
    assert again.replicas == ("S1", "S2", "S3")
    assert again.health.report()["ready"]
    assert json.loads(files[0].read_bytes())["format"] == 4
