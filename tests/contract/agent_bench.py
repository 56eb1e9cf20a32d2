"""An edge as Swarm runs it, in a container, and in this process somebody in the place of the balancer and its hub."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from docker.models.containers import Container

from balancer.adapters.edges.wire import EDGE_NAME
from balancer.adapters.haproxy.config import edge_files
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.core.routes import Routes
from tests.certificates import Authority, put_edge_certificates
from tests.containers import remove
from tests.contract.lab import PORT, Lab
from tests.contract.plane_bench import answering
from tests.edge_options import OPTIONS
from tests.hub_stand_in import HubStandIn
from tests.polling import until

CONTROL_PORT = 5001


class AgentBench:
    """`folder`: of the certificates. `sockets`: of what tunnels lead to. `certificates_of`: who made the edge's
    certificate, where it is not the authority that the hub is of."""

    def __init__(self, lab: Lab, folder: Path, sockets: Path, *, certificates_of: Authority | None = None) -> None:
        self._lab = lab
        self.authority = Authority()
        self._folder = put_edge_certificates(folder, (certificates_of or self.authority).authority, EDGE_NAME)
        self._sockets = sockets
        self.hub = self.new_hub(0)

    def new_hub(self, port: int) -> HubStandIn:
        return HubStandIn(self.authority, self._sockets, host=self._lab.gateway, port=port)

    def __enter__(self) -> Self:
        self.hub.__enter__()
        self.container = swarm_edge(self._lab, self._folder, f"{self._lab.gateway}:{self.hub.port}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            print(self.log)  # noqa: T201 (pytest shows it)
        remove(self.container)
        self.leave()

    def leave(self) -> None:
        """The balancer goes away."""
        self.hub.__exit__(None, None, None)

    def come_back(self) -> None:
        self.hub = self.new_hub(self.hub.port)
        self.hub.__enter__()

    def obey(self, routes: Routes, **changes: object) -> EdgeFiles:
        """The edge obeys the routes of a balancer with other settings."""
        files = edge_files(replace(OPTIONS, **changes), routes)  # type: ignore[arg-type]
        self.hub.offer(files)
        self.hub.obeyed(files)
        return files

    @property
    def url(self) -> str:
        return f"http://{self._lab.address(self.container)}:{PORT}"

    @property
    def control_url(self) -> str:
        return f"http://{self._lab.address(self.container)}:{CONTROL_PORT}"

    def answers(self, count: int) -> list[str]:
        url = self.url
        return [answering(url) for _ in range(count)]

    def answers_at_all(self) -> bool:
        try:
            return bool(self.answers(1))
        except OSError:
            return False

    @property
    def log(self) -> str:
        return str(self.container.logs().decode())

    def inside(self, command: str) -> tuple[int, str]:
        return inside(self.container, command)

    def processes(self, name: str) -> list[int]:
        return processes(self.container, name)

    def is_healthy(self) -> bool:
        """What Swarm would be told, without waiting for the engine's next look."""
        _, *command = self.container.attrs["Config"]["Healthcheck"]["Test"]
        return self.inside(*command)[0] == 0

    def sockets(self) -> set[str]:
        """The balancer's, as HAProxy finds them, with their modes."""
        _, found = self.inside("cd /run/ringmaster && stat -c '%n %a %u' balancer.sock control.sock")
        return {line for line in found.splitlines() if "stat:" not in line}


def swarm_edge(lab: Lab, certificates: Path, hub: str, node: str = "node-1") -> Container:
    """As the Terraform service runs it."""
    for file in certificates.iterdir():
        os.chmod(file, 0o644)  # noqa: PTH101
    return lab.run(
        f"swarm-edge-{certificates.name}-{node}",
        lab.swarm_edge_image,
        environment={"RINGMASTER_NODE": node, "RINGMASTER_HUB": hub},
        volumes=[f"{certificates}:/run/edges:ro"],
        read_only=True,
        tmpfs={"/run/ringmaster": "size=32m,mode=1777", "/tmp": "size=16m,mode=1777"},  # noqa: S108
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
    )


def inside(container: Container, command: str) -> tuple[int, str]:
    """The exit status and output of a shell command in the container."""
    status, output = container.exec_run(["sh", "-c", command])
    return status, output.decode()


def processes(container: Container, name: str) -> list[int]:
    """The numbers of the container's processes of this name, ascending."""
    _, found = inside(container, "for each in /proc/[0-9]*; do echo ${each#/proc/} $(cat $each/comm); done")
    rows = (line.split(" ", 1) for line in found.splitlines())
    return sorted(int(row[0]) for row in rows if row[1:] == [name])


def wait_until_it_ended(container: Container) -> int:
    """Its exit status."""

    def ended() -> bool:
        container.reload()
        return bool(container.status == "exited")

    until(ended, f"{container.name} ended", within=20)
    return int(container.attrs["State"]["ExitCode"])
