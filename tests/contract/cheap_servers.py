"""Servers that cost next to nothing: one HAProxy that plays all of them, each on a port of its own."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from balancer.adapters.haproxy.runtime_api import RuntimeApi
from balancer.core.routes import Backend
from tests.containers import remove
from tests.contract.haproxy_bench import UID
from tests.contract.lab import Lab
from tests.polling import until

_CONFIG = """\
global
    stats socket {folder}/runtime.sock mode 660 level admin
    fd-hard-limit 1000
defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout server 1s
"""
_SERVER = """\
frontend {name}
    bind :{port}
    http-request return status 200 content-type text/plain string {name}
"""
_FIRST_PORT = 8001


class CheapServers:
    """Each answers every request with its own name. Use it in a with statement."""

    def __init__(self, lab: Lab, folder: Path, names: Sequence[str]) -> None:
        self._lab = lab
        self._folder = folder
        self._ports = {name: _FIRST_PORT + number for number, name in enumerate(names)}

    def __enter__(self) -> Self:
        servers = "".join(_SERVER.format(name=name, port=port) for name, port in self._ports.items())
        config = self._folder / "servers.cfg"
        config.write_text(_CONFIG.format(folder=self._folder) + servers)
        os.chown(self._folder, UID, -1)
        self._container = self._lab.run(
            f"servers-{self._folder.name}",
            self._lab.edge_image,
            entrypoint=["haproxy", "-db", "-f", str(config)],  # a master process would keep a dead server's port open
            user=f"{UID}:{UID}",
            volumes=[f"{self._folder}:{self._folder}"],
        )
        host = self._lab.address(self._container)
        self.backends = {name: Backend(name, f"{host}:{port}") for name, port in self._ports.items()}
        until(lambda: all(map(self._answers, self._ports)), "all servers answer", within=10, pause=0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        remove(self._container)

    def kill(self, name: str) -> None:
        """It is gone for good: every connection to it is refused from now on."""
        RuntimeApi(self._folder / "runtime.sock").do(f"shutdown frontend {name}")
        until(lambda: not self._answers(name), f"{name} refuses connections", within=5, pause=0.01)

    def _answers(self, name: str) -> bool:
        host, _, port = self.backends[name].address.partition(":")
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except ConnectionRefusedError:
            return False
        return True
