"""How long the keeper's client waits for a keeper that has accepted a call and then says nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from balancer.adapters import keeper_client
from balancer.adapters.keeper_client import KeeperClient
from balancer.core.errors import EngineUnavailable

Ask = Callable[[KeeperClient], object]


@pytest.fixture
def frozen(tmp_path: Path) -> Iterator[KeeperClient]:
    """The client of a keeper that stands still in every call."""
    path, calls = tmp_path / "keeper.sock", []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def accept() -> None:
            while True:
                try:
                    call, _ = listener.accept()
                except OSError:
                    return
                calls.append(call)
                call.sendall(b'{"accepted": true}\n')

        thread = threading.Thread(target=accept)
        thread.start()
        yield KeeperClient(path, name="ringmaster-keeper")
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for call in calls:
            call.close()


@pytest.mark.parametrize(
    ("verb", "ask"), [("observe", lambda client: client.observe()), ("stop", lambda client: client.stop("S1"))]
)
def test_a_call_that_stands_still_is_given_up(
    frozen: KeeperClient, monkeypatch: pytest.MonkeyPatch, verb: str, ask: Ask
) -> None:
    """Otherwise no server that is down would leave the ring meanwhile, and /rm would keep its thread."""
    seconds = keeper_client._OTHER_SILENCES[verb]
    assert seconds is not None
    monkeypatch.setattr(keeper_client, "_OTHER_SILENCES", {verb: seconds / 1e5})
    with pytest.raises(EngineUnavailable, match="docker unpause ringmaster-keeper"):
        ask(frozen)
