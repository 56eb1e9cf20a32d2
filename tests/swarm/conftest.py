"""What the tests on several hosts share: a Swarm of three managers, made when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.lab import Lab
from tests.contract.swarm_bench import SwarmBench
from tests.playground import Playground

NETWORK = "ringmaster-bench"


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


@pytest.fixture(scope="session")
def swarm() -> Iterator[Playground]:
    with Playground(3) as playground:
        playground.form_swarm()
        yield playground


@pytest.fixture(scope="session")
def server_image(lab: Lab, swarm: Playground) -> str:
    """The id of the sample server's image, which all nodes have."""
    swarm.load(lab.server_image)
    return lab.server_image


@pytest.fixture(scope="session")
def overlay(swarm: Playground) -> str:
    """The name of an overlay network. It goes with the playground."""
    swarm.client("node1").networks.create(NETWORK, driver="overlay", attachable=True)
    return NETWORK


@pytest.fixture
def swarm_bench(swarm: Playground, server_image: str, overlay: str, tmp_path: Path) -> Iterator[SwarmBench]:
    swarm.wait_until_whole()
    with SwarmBench(swarm, image=server_image, network=overlay, folder=tmp_path) as bench:
        yield bench


@pytest.fixture
def another_manager(swarm: Playground, server_image: str, overlay: str, tmp_path: Path) -> Iterator[SwarmBench]:
    """A bench at a manager that is not the leader of the Swarm."""
    swarm.wait_until_whole()
    followers = [
        node["Description"]["Hostname"]
        for node in swarm.client("node1").api.nodes()
        if not node["ManagerStatus"].get("Leader")
    ]
    with SwarmBench(swarm, image=server_image, network=overlay, folder=tmp_path, manager=followers[0]) as bench:
        yield bench
