"""`make down` where the engine keeps the network, as Docker 20.10 does when it has lost count of what is on it."""

from __future__ import annotations

import json
import socket
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.contract.engine_door import EngineDoor
from tests.infra.make import MadeSystem

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible, pytest.mark.long]

_TOLD = json.dumps({"message": "error while removing network: network n id 0 has active endpoints"})
_HEAD = f"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: {len(_TOLD)}\r\n\r\n"


class MiscountingDoor(EngineDoor):
    """Whoever comes through it can remove no network."""

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(65536):
                head = part.partition(b"\r\n")[0]
                if head.startswith(b"DELETE ") and b"/networks/" in head:
                    source.sendall(f"{_HEAD}{_TOLD}".encode())
                else:
                    target.sendall(part)
            target.shutdown(socket.SHUT_WR)


def test_it_is_named_with_what_to_do_and_then_goes(tmp_path: Path) -> None:
    with closing(MadeSystem()) as system:
        assert system.up().code == 0
        door = MiscountingDoor(tmp_path / "docker.sock")
        door.open()
        refused = system.down(DOCKER_HOST=f"unix://{door.path}")
        door.shut()
        network = f"{system.prefix}ringmaster"
        assert refused.code != 0
        assert f"keeps the network {network}, though no container is on it" in " ".join(refused.output.split())
        assert "Restart the engine" in refused.output
        taken = system.down()
        assert taken.code == 0, taken.output
        assert system.traces == {}
