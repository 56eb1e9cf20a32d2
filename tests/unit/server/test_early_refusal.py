"""A worker that was told to stop does not listen any more."""

from __future__ import annotations

import importlib
import selectors
import socket
from collections.abc import Iterator

import pytest

early_refusal = importlib.import_module("early_refusal")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.mark.parametrize("alive", [True, False])
def test_only_a_worker_that_stops_closes_the_door(listener: socket.socket, alive: bool) -> None:
    """One that lives only has as many connections as it may have."""
    with selectors.DefaultSelector() as poller:
        worker = object.__new__(early_refusal.EarlyRefusal)
        worker.sockets, worker.poller, worker._accepting, worker.alive = [listener], poller, True, alive
        poller.register(listener, selectors.EVENT_READ)
        worker.set_accept_enabled(False)
        assert not poller.get_map()
    assert (listener.fileno() >= 0) is alive
