"""Servers in containers that speak what the sample server does not: gRPC, HTTP/2 without TLS, WebSocket."""

from __future__ import annotations

from functools import partial

from balancer.adapters.http_probe import HttpProbe
from balancer.core.heartbeat import Heartbeat
from balancer.core.routes import Backend
from tests.contract.lab import PORT, Lab
from tests.deployment import PROJECT
from tests.polling import until

FOLDER = PROJECT / "tests" / "protocol_servers"
GRPC = Heartbeat("/grpc.health.v1.Health/Check", protocol="h2c", timeout=5)
H2C = Heartbeat(protocol="h2c", timeout=5)
HTTP = Heartbeat(timeout=5)


def backends(lab: Lab, program: str, heartbeat: Heartbeat, *names: str, **environment: str) -> tuple[Backend, ...]:
    """A server of each name that runs the program, and answers."""
    image = lab.built("protocols", FOLDER)
    containers = {
        name: lab.run(
            f"{program}-{name}",
            image,
            command=["python3", f"{program}.py"],
            environment={"SERVER_ID": name, **environment},
            init=True,
        )
        for name in names
    }
    found = tuple(
        Backend(name, f"{lab.address(item)}:{PORT}", protocol=heartbeat.protocol) for name, item in containers.items()
    )
    for backend in found:
        until(partial(answers, backend, heartbeat), f"{backend.instance} answers", within=30)
    return found


def answers(backend: Backend, heartbeat: Heartbeat) -> bool:
    return HttpProbe().look(backend.address, heartbeat) == ""
