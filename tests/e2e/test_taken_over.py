"""Somebody has taken over the balancer: from its container, with its rights, there is no way to the host."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from docker.models.containers import Container

from balancer.core.release import Release
from tests.containers import run_in, started
from tests.e2e.conftest import only_haproxy
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform, only_haproxy]

SECRET = "what-a-neighbour-printed"  # noqa: S105 (made up)
SOCKETS = """
import os, stat, json
found = []
for root in ("/run", "/var/run", "/tmp", "/var/lib", "/opt", "/dev"):
    for folder, _, names in os.walk(root):
        paths = [os.path.join(folder, name) for name in names]
        found += [path for path in paths if stat.S_ISSOCK(os.lstat(path).st_mode)]
print(json.dumps(sorted(set(found))))
"""
CALL = """
import json, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.settimeout(30)
connection.connect("/run/keeper/keeper.sock")
connection.sendall(sys.argv[1].encode() + b"\\n")
print(json.dumps([json.loads(line) for line in connection.makefile()]))
"""
REPLACE = """
import os, socket
def attempt(what, *arguments):
    try:
        what(*arguments)
        print("done")
    except OSError as error:
        print(error.strerror)
path = "/run/keeper/keeper.sock"
attempt(os.unlink, path)
attempt(os.rename, path, path + "2")
attempt(os.chmod, path, 0o777)
attempt(socket.socket(socket.AF_UNIX).bind, "/run/keeper/other.sock")
"""


@pytest.fixture
def neighbour(system: System) -> Iterator[Container]:
    """A container of somebody else on the same engine, which says that it is a server of another deployment."""
    labels = {"ringmaster.deployment": "other", "ringmaster.role": "server", "ringmaster.ring_id": "1"}
    image = system.containers.of("server")[0].image
    container = system.containers.engine.containers.run(
        image.id,
        ["sh", "-c", f"echo {SECRET}; sleep 600"],
        name=f"neighbour-{secrets.token_hex(3)}",
        labels=labels,
        detach=True,
    )
    yield container
    container.remove(force=True)


def call(system: System, **document: Any) -> list[dict[str, Any]]:
    """What the keeper answers to a call from the balancer's container."""
    lines: list[dict[str, Any]] = json.loads(
        run_in(system.containers.balancer, "python3", "-c", CALL, json.dumps(document))
    )
    return lines


def start(system: System, **changes: Any) -> list[dict[str, Any]]:
    release = {"number": 1, "content": "", **Release(image=system.settings.server_image).document(), **changes}
    server = {"hostname": "intruder", "ring_id": 99, "rolled": False, "generation": 1}
    return call(system, verb="start", server=server, release=release, avoid=[])


def test_the_engines_socket_is_nowhere_to_be_found(system: System) -> None:
    sockets = json.loads(run_in(system.containers.balancer, "python3", "-c", SOCKETS))
    assert "/run/keeper/keeper.sock" in sockets
    assert not [path for path in sockets if "docker" in path or "containerd" in path]
    assert run_in(system.containers.balancer, "id", "-G").split() == ["10001"]


@pytest.mark.parametrize(
    "change",
    [
        {"volumes": ["/:/host"]},
        {"volumes": ["/var/run/docker.sock:/docker.sock"]},
        {"capabilities": ["SYS_ADMIN"]},
        {"image": "debian:trixie-slim"},
        {"privileged": True},
        {"labels": {"ringmaster.role": "balancer"}},
        {"pids": 100_000},
        {"log_driver": "syslog"},
    ],
)
def test_nothing_outside_the_policy_is_started(system: System, change: dict[str, Any]) -> None:
    before = _intruders(system)
    told = start(system, **change)
    assert (told[0], told[1]["error"]) == ({"accepted": True}, "StartFailed"), told
    assert _intruders(system) == before
    until(lambda: "refused" in system.containers.logs("keeper", since=1), "the keeper's log tells it", within=5)


def test_within_the_policy_servers_may_be_started_which_the_balancer_does_not_keep(system: System) -> None:
    """So that it is the change that the keeper refuses."""
    assert start(system) == [{"accepted": True}, {"result": None}, {"end": True}]
    until(lambda: system.only_its_fleet_runs, "the balancer removes what it did not ask for", within=15)


def test_a_container_of_somebody_else_is_neither_read_nor_stopped(system: System, neighbour: Container) -> None:
    run = started(neighbour)
    name, whole = str(neighbour.name), str(neighbour.id)
    for instance in (name, whole[:12]):
        for verb in ("last_output", "is_stopped", "stop"):
            told = call(system, verb=verb, instance=instance)
            assert told[-1] == {"end": True}, told
            assert SECRET not in repr(told)
        call(system, verb="kill", instance=instance, container=whole)
        call(system, verb="rename", instance=instance, name="mine")
    assert "error" in call(system, verb="exec", instance=name)[-1]
    assert started(neighbour) == run
    assert neighbour.status == "running"
    assert neighbour.name == name


def test_the_keepers_socket_cannot_be_replaced(system: System) -> None:
    told = run_in(system.containers.balancer, "python3", "-c", REPLACE).splitlines()
    assert told == ["Read-only file system"] * 4
    system.wait_until_ready()


def _intruders(system: System) -> set[str]:
    containers = system.containers.engine.containers.list(all=True, ignore_removed=True)
    return {str(each.id) for each in containers if "intruder" in f"{each.name} {each.attrs['Config']['Hostname']}"}
