"""An agent in this process, between an HAProxy in memory and a hub that says what the test says."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from balancer.adapters.edges.wire import EDGE_NAME
from edge_agent.agent import Agent
from edge_agent.hub import Hub
from tests.certificates import Authority, put_edge_certificates
from tests.hub_stand_in import HubStandIn
from tests.unit.edge_agent.haproxy import Haproxy

NODE = "node-1"


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a unix socket's has room for 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="rm-agent-") as folder:
        for name in ("edge", "hub"):
            (Path(folder) / name).mkdir()
        yield Path(folder)


@pytest.fixture
def haproxy(folder: Path) -> Haproxy:
    return Haproxy(folder / "edge")


@pytest.fixture
def hub(authority: Authority, folder: Path) -> Iterator[HubStandIn]:
    with HubStandIn(authority, folder / "hub") as hub:
        yield hub


@pytest.fixture
def start_agent(authority: Authority, folder: Path) -> Callable[[int], AbstractContextManager[None]]:
    """Starts the agent of the hub at this port."""
    own = put_edge_certificates(folder / "certificates", authority.authority, EDGE_NAME)

    @contextmanager
    def start(port: int, certificates: Path = own) -> Iterator[None]:
        agent = Agent(node=NODE, hub=Hub("127.0.0.1", port, certificates), directory=folder / "edge")
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            running = loop.create_task(agent.run())
            thread = threading.Thread(target=_run, args=(loop, running))
            thread.start()
            try:
                yield
            finally:
                loop.call_soon_threadsafe(running.cancel)
                thread.join()

    return start


@pytest.fixture
def agent(start_agent: Callable[[int], AbstractContextManager[None]], hub: HubStandIn) -> Iterator[None]:
    with start_agent(hub.port):
        yield


def _run(loop: asyncio.AbstractEventLoop, running: asyncio.Task[None]) -> None:
    with suppress(asyncio.CancelledError):
        loop.run_until_complete(running)
