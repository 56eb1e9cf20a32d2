"""Which ring a balancer that starts again has: the users' one, until the settings name another than before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from balancer.adapters.file_store import FileStore
from balancer.core.catalogue import Catalogue
from balancer.core.fleet_change import FleetChange
from balancer.core.release import Release
from balancer.core.routes import routes
from tests.unit.balancer.in_memory import InMemoryBalancer, World

SWITCHED = {"strategy": "ring", "slots": 64, "key": "header:X-User", "bound": 1.5}
MAGLEV = {"strategy": "maglev", "slots": 64}
COURSE = {"strategy": "course"}


def strategy(balancer: InMemoryBalancer) -> str:
    return balancer.desired.fleet.profile.strategy.name


def test_a_switched_profile_outlives_the_balancer(balancer: InMemoryBalancer) -> None:
    balancer.ring.switch(SWITCHED)
    before = balancer.whole_state()
    again = balancer.restarted()
    again.steps(3)
    assert again.whole_state() == before
    assert again.desired.fleet.profile == balancer.catalogue.profile(SWITCHED)
    assert again.health.report()["ready"]


@pytest.mark.parametrize("switched", [None, SWITCHED])
def test_settings_that_name_another_profile_than_before_replace_it(
    balancer: InMemoryBalancer, switched: object
) -> None:
    if switched:
        balancer.ring.switch(switched)
    again = balancer.restarted(ring=MAGLEV)
    again.steps(2)
    assert again.desired.fleet.profile == again.desired.fleet.configured == again.profile
    assert again.plane.routes == routes(again.desired.fleet)
    assert again.is_sound()
    assert again.health.report()["ready"]


def test_a_switch_after_that_counts_again(balancer: InMemoryBalancer) -> None:
    again = balancer.restarted(ring=MAGLEV)
    again.step()
    again.ring.switch(SWITCHED)
    once_more = again.restarted()
    once_more.step()
    assert strategy(once_more) == "ring"


def test_a_profile_of_the_settings_that_does_not_fit_the_fleet_is_an_ailment_and_the_saved_one_goes_on(
    balancer: InMemoryBalancer,
) -> None:
    balancer.ring.weigh("S2", 2)
    before = balancer.whole_state()
    again = balancer.restarted(ring=COURSE)
    again.steps(3)
    assert again.whole_state() == before
    assert "the strategy course knows no weights" in again.health.report()["ailments"]["ring"]
    assert not again.health.report()["ready"]


def test_it_is_obeyed_as_soon_as_it_fits(balancer: InMemoryBalancer) -> None:
    balancer.ring.weigh("S2", 2)
    again = balancer.restarted(ring=COURSE)
    again.step()
    again.ring.weigh("S2", 1)
    again.step()
    assert strategy(again) == "course"
    assert again.health.report()["ready"]
    assert again.is_sound()


def test_a_switch_of_a_user_settles_it(balancer: InMemoryBalancer) -> None:
    balancer.ring.weigh("S2", 2)
    again = balancer.restarted(ring=COURSE)
    again.step()
    again.ring.switch(MAGLEV)
    again.ring.weigh("S2", 1)
    again.step()
    assert again.health.report()["ready"]
    once_more = again.restarted()
    once_more.step()
    assert strategy(once_more) == "maglev"
    assert once_more.health.report()["ready"]


def test_a_user_may_keep_the_saved_one_by_naming_it_again(balancer: InMemoryBalancer) -> None:
    balancer.ring.weigh("S2", 2)
    again = balancer.restarted(ring=COURSE)
    again.step()
    version = again.desired.fleet.version
    again.ring.switch({"strategy": "table"})
    again.step()
    assert (strategy(again), again.desired.fleet.version) == ("table", version)
    assert again.health.report()["ready"]


def test_more_servers_than_the_settings_ring_holds_are_kept(balancer: InMemoryBalancer) -> None:
    balancer.fleet.add(FleetChange(54))
    again = balancer.restarted(ring=COURSE)
    again.step()
    assert "holds at most 56 servers, not 57" in again.health.report()["ailments"]["ring"]
    assert len(again.replicas) == 57
    again.fleet.remove(FleetChange(1))
    again.step()
    assert strategy(again) == "course"
    assert again.health.report()["ready"]


def test_a_warming_server_does_not_keep_a_ring_without_weights_away() -> None:
    balancer = InMemoryBalancer(slow_start=60).started()
    balancer.fleet.add(FleetChange(1, ("S4",)))
    again = balancer.restarted(slow_start=0, ring=COURSE)
    again.steps(2)
    assert strategy(again) == "course"
    assert again.health.report()["ready"]


def test_lost_state_has_the_settings_ring(balancer: InMemoryBalancer) -> None:
    balancer.ring.switch(SWITCHED)
    balancer.store.damaged = True
    again = balancer.restarted()
    again.steps(2)
    assert again.desired.fleet.profile == again.profile
    assert again.is_sound()


def test_more_servers_than_the_settings_ring_holds_serve_after_a_loss(balancer: InMemoryBalancer) -> None:
    balancer.fleet.add(FleetChange(57))
    balancer.store.damaged = True
    again = balancer.restarted(ring=COURSE)
    again.steps(2)
    assert len(again.replicas) == 60
    assert strategy(again) == "table"
    assert {again.plane.answer(slot) for slot in range(512)} == {*again.replicas}
    assert "holds at most 56 servers, not 60" in again.health.report()["ailments"]["ring"]
    again.fleet.remove(FleetChange(4))
    again.step()
    assert strategy(again) == "course"
    assert again.health.report()["ready"]


@pytest.mark.parametrize("ring", [{}, COURSE, MAGLEV])
def test_state_of_the_first_format_is_taken_up_under_the_settings_ring(
    balancer: InMemoryBalancer, ring: dict[str, object], tmp_path: Path
) -> None:
    """It has no weights, no profile and no version."""
    fleet = balancer.desired.fleet
    servers = [
        {"name": server.hostname, "ring_id": server.ring_id, "state": server.state, "address": server.address}
        for server in fleet.servers
    ]
    saved = {"format": 1, "target": 3, "next_ring_id": 4, "servers": servers, "table": fleet.table.owners}
    (tmp_path / "fleet.json").write_text(json.dumps(saved))
    world = World()
    world.runtime = balancer.runtime
    profile = Catalogue().profile(ring)
    world.store = FileStore(tmp_path, catalogue=Catalogue(), profile=profile, release=Release())  # type: ignore[assignment]
    again = InMemoryBalancer(world, ring=ring)
    again.steps(2)
    assert again.replicas == ("S1", "S2", "S3")
    assert again.health.report()["ready"]
    assert again.desired.fleet.table == profile.strategy.place(again.desired.fleet.members(), fleet.table)
    assert again.plane.routes == routes(again.desired.fleet)
    if not ring:
        assert again.desired.fleet.table == fleet.table
        again.ring.weigh("S2", 2)
        assert world.store.load() == again.desired.fleet
        assert json.loads((tmp_path / "fleet.json").read_text())["format"] == 4
