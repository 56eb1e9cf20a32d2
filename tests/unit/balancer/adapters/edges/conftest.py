"""A hub for each test, with agents in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from balancer.adapters.edges.hub import EdgeHub
from balancer.adapters.edges.wire import EDGE_NAME, HUB_NAME
from tests.certificates import put_edge_certificates
from tests.fakes.edge_agent import FakeAgents, FakeEdge
from tests.unit.balancer.adapters.edges.files import LEASE


class Bench:
    def __init__(self, folder: Path, authority: trustme.CA) -> None:
        self.authority = authority
        self.certificates = put_edge_certificates(folder / "hub", authority, HUB_NAME)
        self.agents_certificates = put_edge_certificates(folder / "agents", authority, EDGE_NAME)
        self.sockets = folder / "sockets"
        self.sockets.mkdir()
        self.hub = EdgeHub(0, self.certificates, LEASE, self.sockets)
        self.port = self.hub.start()
        self.agents = FakeAgents(self.port, self.agents_certificates)

    def edge(self, node: str, **verbs: Any) -> FakeEdge:
        """An edge whose agent has begun."""
        edge = FakeEdge(node, verbs)
        self.agents.begin(edge)
        return edge


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bench(tmp_path: Path, authority: trustme.CA) -> Iterator[Bench]:
    bench = Bench(tmp_path, authority)
    try:
        with bench.agents:
            yield bench
    finally:
        bench.hub.stop()
