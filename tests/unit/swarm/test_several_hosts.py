"""What counts as whole, and how servers are evened out, on hosts that are made up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import Message

import pytest

from tests.http_client import Answer
from tests.swarm.several_hosts import SeveralHosts

NODES = ("node1", "node2", "node3")


def answer(document: object, status: int = 200) -> Answer:
    return Answer(status, Message(), json.dumps(document).encode())


@dataclass
class Fleet:
    """What all nodes share. `places`: node → its servers; `unleased`, `behind` and `starting`: nodes whose edges
    are so."""

    places: dict[str, list[str]]
    is_ready: bool = True
    unleased: set[str] = field(default_factory=set)
    behind: set[str] = field(default_factory=set)
    starting: set[str] = field(default_factory=set)
    replicas: list[str] | None = None
    edges_status: int = 200


@dataclass
class Manager:
    """What Swarm says of the edges, as far as it is asked."""

    fleet: Fleet

    @property
    def engine(self) -> Manager:
        return self

    @property
    def api(self) -> Manager:
        return self

    def nodes(self) -> list[dict[str, object]]:
        return [{"ID": node, "Description": {"Hostname": node}, "Status": {"State": "ready"}} for node in NODES]

    def tasks(self, filters: dict[str, str]) -> list[dict[str, object]]:
        assert filters["desired-state"] == "running"
        starting = self.fleet.starting
        return [{"NodeID": node, "Status": {"State": "starting" if node in starting else "running"}} for node in NODES]


@dataclass
class SomeHost:
    """One node of it."""

    node: str
    fleet: Fleet

    @property
    def containers(self) -> Manager:
        return Manager(self.fleet)

    @property
    def url(self) -> str:
        return f"http://{self.node}"

    @property
    def is_ready(self) -> bool:
        return self.fleet.is_ready

    @property
    def replicas(self) -> list[str]:
        there = sorted(server for servers in self.fleet.places.values() for server in servers)
        return there if self.fleet.replicas is None else self.fleet.replicas

    @property
    def running_servers(self) -> list[str]:
        return list(self.fleet.places.get(self.node, []))

    def operate(self, _method: str, _path: str) -> Answer:
        edges = [
            {
                "node": node,
                "leased": node not in self.fleet.unleased,
                "serving": True,
                "in_step": node not in self.fleet.behind,
            }
            for node in NODES
        ]
        return answer({"edges": edges}, self.fleet.edges_status)

    def rm(self, _n: int, hostnames: Sequence[str]) -> Answer:
        for servers in self.fleet.places.values():
            servers[:] = [server for server in servers if server not in hostnames]
        return answer({})

    def add(self, _n: int) -> Answer:
        """As Swarm does it: on the emptiest node."""
        min(self.fleet.places.values(), key=len).append(f"new{sum(map(len, self.fleet.places.values()))}")
        return answer({})


def hosts_of(fleet: Fleet) -> SeveralHosts:
    hosts = SeveralHosts()
    hosts.hosts = {node: SomeHost(node, fleet) for node in NODES}  # type: ignore[misc]
    return hosts


@pytest.fixture
def fleet() -> Fleet:
    return Fleet({"node1": ["S1", "S4"], "node2": ["S2", "S5"], "node3": ["S3", "S6"]})


def test_it_is_whole_where_every_server_runs_once_and_every_edge_obeys(fleet: Fleet) -> None:
    hosts = hosts_of(fleet)
    assert hosts.obeying == set(NODES)
    assert hosts.is_whole()


@pytest.mark.parametrize(
    "difference",
    [
        {"is_ready": False},
        {"behind": {"node2"}},
        {"unleased": {"node2"}},
        {"starting": {"node2"}},
        {"replicas": ["S1", "S2"]},
        {"edges_status": 503},
    ],
    ids=str,
)
def test_it_is_not_where_something_is_missing(fleet: Fleet, difference: dict[str, object]) -> None:
    for name, value in difference.items():
        setattr(fleet, name, value)
    assert not hosts_of(fleet).is_whole()


def test_a_container_that_should_be_gone_is_not_whole(fleet: Fleet) -> None:
    fleet.replicas = ["S1", "S2", "S3", "S4", "S5", "S6"]
    fleet.places["node3"].append("S1")
    assert not hosts_of(fleet).is_whole()


def test_without_a_node_the_others_are_whole_when_its_lease_is_over(fleet: Fleet) -> None:
    fleet.places = {"node1": ["S1", "S4"], "node2": ["S2", "S5"], "node3": []}
    hosts = hosts_of(fleet)
    hosts.away.add("node3")
    assert not hosts.is_whole()
    fleet.unleased.add("node3")
    assert hosts.is_whole()
    assert set(hosts.urls) == {"node1", "node2"}


def test_a_node_that_came_back_gets_servers(fleet: Fleet) -> None:
    fleet.places = {"node1": ["S1", "S2", "S3"], "node2": ["S4", "S5", "S6"], "node3": []}
    hosts_of(fleet).even_out()
    assert {len(servers) for servers in fleet.places.values()} == {2}


def test_even_ones_are_left_alone(fleet: Fleet) -> None:
    before = json.dumps(fleet.places)
    hosts_of(fleet).even_out()
    assert json.dumps(fleet.places) == before
