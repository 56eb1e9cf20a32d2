"""What the deployment has on the host: engine, network, volumes, ports."""

from __future__ import annotations

import pytest
from testinfra.host import Host

from tests.deployment import SOCKET
from tests.infra.make import MadeSystem

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]


def test_the_engine_answers(here: Host) -> None:
    assert here.file(str(SOCKET)).is_socket
    assert here.check_output("docker info --format '{{.ServerVersion}}'")


def test_one_network_of_its_own_with_its_containers_and_no_other(system: MadeSystem) -> None:
    ours = {"label": f"ringmaster.deployment={system.deployment}"}
    (network,) = system.containers.engine.networks.list(filters=ours, greedy=True)
    assert network.name == f"{system.prefix}ringmaster"
    assert network.attrs["Driver"] == "bridge"
    (keeper,) = system.containers.of("keeper")
    others = [container for container in system.containers.all if container != keeper]
    assert {container.id for container in network.containers} == {container.id for container in others}
    for container in others:
        assert set(container.attrs["NetworkSettings"]["Networks"]) == {network.name}
    assert set(keeper.attrs["NetworkSettings"]["Networks"]) == {"none"}


def test_three_volumes_of_its_own(system: MadeSystem) -> None:
    ours = {"label": f"ringmaster.deployment={system.deployment}"}
    volumes = {volume.name for volume in system.containers.engine.volumes.list(filters=ours)}
    assert volumes == {f"{system.prefix}ringmaster-{name}" for name in ("state", "edge", "keeper")}


def test_ports_are_published_on_loopback_only(system: MadeSystem) -> None:
    published = {
        container.labels["ringmaster.role"]: {
            inner: [(outer["HostIp"], int(outer["HostPort"])) for outer in outers]
            for inner, outers in container.ports.items()
            if outers
        }
        for container in system.containers.all
    }
    assert published == {
        "edge": {"5000/tcp": [("127.0.0.1", system.public)], "5001/tcp": [("127.0.0.1", system.control)]},
        "balancer": {},
        "keeper": {},
        "server": {},
    }


@pytest.mark.parametrize("side", ["public", "control"])
def test_the_host_listens_on_loopback_only(system: MadeSystem, here: Host, side: str) -> None:
    port = getattr(system, side)
    listening = {address for address in here.socket.get_listening_sockets() if address.endswith(f":{port}")}
    assert listening == {f"tcp://127.0.0.1:{port}"}
    assert here.socket(f"tcp://127.0.0.1:{port}").is_listening
    assert not here.socket(f"tcp://{port}").is_listening
