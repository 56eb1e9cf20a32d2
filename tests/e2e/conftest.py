"""The deployments of the end-to-end tests, and the figures they measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.deployment import Deployment
from tests.system import System

N = 3
SMOKE_REQUESTS = {"haproxy": 10_000, "flask": 1_000}
"""The flask plane is slower by half, and one plane's ten thousand are enough."""

Measured = Callable[[str], None]

_figures = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session", params=["haproxy", "flask"])
def plane(request: pytest.FixtureRequest) -> str:
    """Both data planes, one after the other: pytest runs all tests of the first one first."""
    return str(request.param)


only_haproxy = pytest.mark.parametrize("plane", ["haproxy"], indirect=True)


@pytest.fixture(scope="session")
def deployment(plane: str) -> Iterator[Deployment]:
    with Deployment(data_plane=plane) as deployment:
        yield deployment


@pytest.fixture
def system(deployment: Deployment) -> System:
    """Ready and with N servers, whatever the test before it did to it."""
    deployment.wait_until_ready()
    surplus = len(deployment.replicas) - N
    if surplus > 0:
        deployment.rm(surplus)
    elif surplus < 0:
        deployment.add(-surplus)
    deployment.wait_until_ready()
    assert len(deployment.replicas) == N
    return deployment


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_figures] = []


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """Takes a line for the summary of figures at the end of the run."""
    return lambda text: request.config.stash[_figures].append(f"{request.node.name}: {text}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash[_figures]:
        terminalreporter.section("measured")
        for line in config.stash[_figures]:
            terminalreporter.write_line(line)
