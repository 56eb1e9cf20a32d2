"""A balancer whose servers run on three nodes: nodes that die, are cut off, drained, and a lost quorum."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from balancer.core.errors import EngineUnavailable, StateUnavailable
from balancer.core.event import Event, EventKind
from balancer.core.fleet_change import FleetChange
from balancer.core.lifecycle import State
from balancer.core.routes import routes
from tests.unit.balancer.in_memory import HANG_TIMEOUT, InMemoryBalancer, World, control_app

NODES = ["w1", "w2", "w3"]


def on_nodes(*, initial: tuple[str, ...] = ("S1", "S2", "S3"), spares: int = 0) -> InMemoryBalancer:
    """One server on each node, and an edge."""
    world = World()
    world.runtime.nodes = list(NODES)
    world.edges.add(*NODES)
    balancer = InMemoryBalancer(world, initial=initial, spares=spares, has_local=False)
    balancer.steps(3)
    balancer.clock.sleep(60)
    return balancer


def happened(balancer: InMemoryBalancer, kind: EventKind) -> list[Event]:
    return [event for event in balancer.events.since(0).events if event.kind is kind]


def nodes(balancer: InMemoryBalancer) -> list[str]:
    """The nodes of those who serve."""
    observed = balancer.runtime.observe()
    return sorted(observed[server.instance].node for server in balancer.desired.fleet.of(State.SERVING))


def silent(balancer: InMemoryBalancer) -> set[str]:
    return {server.hostname for server in balancer.desired.fleet.of(State.SILENT)}


def test_events_tell_the_nodes() -> None:
    balancer = on_nodes()
    where = {name: container.node for name, container in balancer.runtime.observe().items()}
    assert {event.server: event.node for event in happened(balancer, EventKind.JOINED)} == where
    balancer.fleet.remove(FleetChange(1, ("S2",)))
    (left,) = happened(balancer, EventKind.LEFT)
    assert (left.server, left.node) == ("S2", where["S2"])


def test_a_node_that_the_engine_finds_down_loses_its_servers_and_they_are_replaced_elsewhere() -> None:
    balancer = on_nodes()
    (gone,) = balancer.runtime.on("w2")
    balancer.runtime.lose("w2")
    balancer.steps(2)
    (failed,) = happened(balancer, EventKind.FAILED)
    assert (failed.server, failed.node) == (gone, "w2")
    assert failed.reason == "its container is not running: its node w2 is down"
    assert len(balancer.replicas) == 3
    assert "w2" not in nodes(balancer)
    assert balancer.runtime.on("w2") == set()
    assert [event.node for event in happened(balancer, EventKind.REPLACED)] == ["w2"]


def test_servers_that_die_with_their_node_right_after_they_came_hold_up_nobody() -> None:
    """Another server's early death makes starts wait: it may be the image. A node's is no sign of that."""
    balancer = on_nodes()
    balancer.fleet.add(FleetChange(3))
    balancer.runtime.lose("w2")
    balancer.steps(2)
    assert len(balancer.replicas) == 6


def test_a_node_that_is_cut_off_loses_its_servers_after_two_leases_though_they_are_most() -> None:
    balancer = on_nodes()
    for name in ("S1", "S2"):
        balancer.runtime.place(name, "w2")
    balancer.runtime.place("S3", "w1")
    balancer.step()
    balancer.runtime.cut_off("w2")
    balancer.beat()
    balancer.step()
    assert silent(balancer) == set(), "no node is lost so far: most servers are silent at once"
    balancer.edges.lose("w2", silent_for=3.0)
    balancer.step()
    balancer.beat()
    balancer.step()
    assert silent(balancer) == {"S1", "S2"}
    assert not balancer.problems.by_part
    balancer.edges.lose("w2", silent_for=6.0)
    balancer.steps(2)
    assert {event.reason for event in happened(balancer, EventKind.FAILED)} == {"its node w2 is cut off"}
    assert len(balancer.replicas) == 3
    assert "w2" not in nodes(balancer)


def test_a_node_that_heals_soon_has_its_servers_back() -> None:
    balancer = on_nodes()
    (name,) = balancer.runtime.on("w2")
    balancer.runtime.cut_off("w2")
    balancer.edges.lose("w2", silent_for=3.0)
    for _ in range(3):
        balancer.beat()
        balancer.step()
    assert silent(balancer) == {name}
    balancer.runtime.wake(name)
    balancer.edges.heal("w2")
    balancer.beat()
    balancer.step()
    assert balancer.replicas == ("S1", "S2", "S3")
    assert (silent(balancer), happened(balancer, EventKind.FAILED)) == (set(), [])


def test_a_balancer_that_is_cut_off_itself_takes_nobody_off_the_ring() -> None:
    balancer = on_nodes()
    for node in ("w2", "w3"):
        balancer.runtime.cut_off(node)
        balancer.edges.lose(node, silent_for=60.0)
    balancer.beat()
    balancer.steps(3)
    assert (silent(balancer), happened(balancer, EventKind.FAILED), balancer.runtime.killed) == (set(), [], [])
    assert "servers" in balancer.problems.by_part


def test_what_comes_back_with_a_healed_node_is_removed() -> None:
    balancer = on_nodes()
    (name,) = balancer.runtime.on("w2")
    balancer.runtime.cut_off("w2")
    balancer.edges.lose("w2", silent_for=6.0)
    balancer.beat()
    balancer.steps(2)
    assert name not in balancer.replicas
    balancer.runtime.occupy(name, ring_id=9)
    balancer.step()
    assert name not in balancer.runtime.names


def test_a_drained_node_is_left_by_its_servers_and_none_is_killed_while_it_finishes() -> None:
    balancer = on_nodes()
    (name,) = balancer.runtime.on("w2")
    balancer.plane.busy(name, 2)
    balancer.runtime.drain("w2")
    balancer.step()
    assert name not in balancer.plane.routes.slots
    balancer.steps(2)
    assert len(balancer.replicas) == 3
    assert "w2" not in nodes(balancer)
    assert (balancer.runtime.killed, balancer.runtime.stopped) == ([], [])
    balancer.runtime.die(name)
    balancer.step()
    assert balancer.runtime.killed == [name]
    assert balancer.runtime.on("w2") == set()


def test_a_spare_of_another_node_takes_the_place() -> None:
    balancer = on_nodes(spares=2)
    first, second = balancer.desired.fleet.instances(State.SPARE)
    balancer.runtime.place(first, "w2")
    balancer.runtime.place(second, "w1")
    balancer.runtime.place("S2", "w2")
    balancer.step()
    balancer.runtime.die("S2")
    balancer.step()
    (promoted,) = happened(balancer, EventKind.PROMOTED)
    assert (promoted.server, promoted.node) == (second, "w1")


@pytest.fixture
def without_quorum() -> InMemoryBalancer:
    """The managers have no majority any more: neither containers nor the state can be asked for or changed."""
    balancer = on_nodes()
    balancer.runtime.away.arm()
    balancer.store.full.arm()
    balancer.step()
    return balancer


def test_without_a_quorum_traffic_goes_on_and_changes_are_refused(without_quorum: InMemoryBalancer) -> None:
    balancer = without_quorum
    control: FlaskClient = control_app(balancer).test_client()
    state = (balancer.desired.fleet, balancer.plane.routes, balancer.store.saved)
    for method, path, body in (("POST", "/add", '{"n":1}'), ("DELETE", "/rm", '{"n":1}'), ("POST", "/deploy", "{}")):
        answer = control.open(path, method=method, data=body)
        assert answer.status_code == 503
        assert answer.json is not None
        assert answer.json["message"].startswith("<Error> ")
    assert (balancer.desired.fleet, balancer.plane.routes, balancer.store.saved) == state
    assert control.get("/rep").json == {"message": {"N": 3, "replicas": ["S1", "S2", "S3"]}, "status": "successful"}
    assert {"engine"} <= control.get("/healthz").json["ailments"].keys()  # type: ignore[index]


def test_without_a_quorum_a_node_that_dies_changes_nothing_until_the_quorum_is_back(
    without_quorum: InMemoryBalancer,
) -> None:
    balancer = without_quorum
    balancer.runtime.cut_off("w2")
    balancer.edges.lose("w2", silent_for=6.0)
    fleet = balancer.desired.fleet
    balancer.beat()
    for _ in range(3):
        balancer.reconciler.step()
    assert (balancer.desired.fleet, balancer.plane.routes) == (fleet, routes(fleet))
    assert (happened(balancer, EventKind.FAILED), balancer.runtime.killed) == ([], [])
    assert "state" in balancer.problems.by_part
    balancer.runtime.away.clear()
    balancer.store.full.clear()
    balancer.steps(3)
    assert len(balancer.replicas) == 3
    assert "w2" not in nodes(balancer)
    assert {"engine", "state"}.isdisjoint(balancer.problems.by_part)


def test_changes_go_again_when_the_quorum_is_back(without_quorum: InMemoryBalancer) -> None:
    balancer = without_quorum
    with pytest.raises((EngineUnavailable, StateUnavailable)):
        balancer.fleet.add(FleetChange(1, ("S4",)))
    balancer.runtime.away.clear()
    balancer.store.full.clear()
    balancer.step()
    assert balancer.fleet.add(FleetChange(1, ("S4",))) == ("S1", "S2", "S3", "S4")


def test_where_nobody_can_ask_the_process_a_busy_silent_server_ends_by_the_hang_timeout_only() -> None:
    balancer = on_nodes()
    balancer.plane.busy("S2", 1)
    balancer.runtime.freeze("S2")
    balancer.beat()
    balancer.step()
    assert silent(balancer) == {"S2"}
    balancer.clock.sleep(HANG_TIMEOUT - 1)
    balancer.steps(2)
    assert (silent(balancer), balancer.runtime.killed) == ({"S2"}, [])
    balancer.clock.sleep(1)
    balancer.steps(2)
    assert balancer.runtime.killed == ["S2"]
    assert len(balancer.replicas) == 3


def test_containers_without_names_of_ours_are_not_renamed() -> None:
    balancer = on_nodes(spares=1)
    (spare,) = balancer.desired.fleet.instances(State.SPARE)
    assert spare in balancer.runtime.names
    balancer.runtime.die("S1")
    balancer.steps(2)
    assert spare in balancer.runtime.names
    assert spare in balancer.replicas
