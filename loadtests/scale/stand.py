"""One stand of the bench: the real balancer and the real edge in a network of their own, servers that are none."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
from docker.models.containers import Container

from balancer.adapters.file_store import FileStore
from balancer.adapters.haproxy.runtime_api import RuntimeApi
from balancer.settings import Settings, read
from loadtests.hosts import fleets
from loadtests.scale.engine import CONTENT, LoopbackEngine, keeper
from tests.containers import remove
from tests.contract.haproxy_bench import UID, edge_container
from tests.contract.lab import Lab
from tests.deployment import PROJECT
from tests.polling import until

PORT = 8080
_BALANCER = PROJECT / "apps" / "balancer"
_SERVERS = f"""global
  stats socket {{folder}}/servers.sock mode 666 level admin
  nbthread 1
  maxconn 8000
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  timeout tarpit 1h
frontend servers
  bind *:{PORT}
  http-request tarpit if {{{{ dst -f {{folder}}/hung.acl }}}}
  http-request return status 200 content-type text/plain string ok
"""
"""Every loopback address answers its heartbeat, but for the hung ones."""


@dataclass(frozen=True, slots=True)
class Used:
    """What the balancer's processes have used so far. `cpu`: seconds. `written`: bytes, to files."""

    cpu: float
    written: int
    connections: int
    listed: int

    def since(self, before: Used) -> Used:
        return Used(
            self.cpu - before.cpu,
            self.written - before.written,
            self.connections - before.connections,
            self.listed - before.listed,
        )


class Stand:
    """`folder`: shared with the edge."""

    def __init__(self, folder: Path, engine: LoopbackEngine, process: psutil.Process) -> None:
        self.engine = engine
        self._folder = folder
        self._process = process
        self._edge = RuntimeApi(folder / "runtime.sock")
        self._servers = RuntimeApi(folder / "servers.sock")

    def ask(self, method: str, path: str, document: object = None) -> Any:
        """The balancer's answer. Raises AssertionError where it is none of success."""
        connection = _UnixConnection(self._folder / "control.sock")
        body = None if document is None else json.dumps(document)
        connection.request(method, path, body, {"Host": "localhost", "X-Ringmaster-Client": "127.0.0.1"})
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        if answer.status >= 300:
            raise AssertionError(f"{method} {path} is answered {answer.status}: {told[:300]!r}")
        return json.loads(told)

    def is_ready(self) -> bool:
        try:
            return bool(self.ask("GET", "/readyz")["ready"])
        except (OSError, AssertionError):
            return False

    def used(self) -> Used:
        return Used(
            sum(process.cpu_times().user + process.cpu_times().system for process in self._processes()),
            sum(process.io_counters().write_chars for process in self._processes()),
            self._connections(),
            self.engine.listed,
        )

    def memory(self) -> int:
        """Bytes, what both processes share counted once."""
        return sum(process.memory_full_info().pss for process in self._processes())

    def threads(self) -> int:
        return sum(process.num_threads() for process in self._processes())

    def owner(self, slot: int) -> str:
        """Who answers the slot, by the edge's own map."""
        told = self._edge.ask(f"get map {self._folder}/slots.map {slot}")
        return told.partition('value="')[2].partition('"')[0].partition(":")[0]

    def slots(self) -> dict[str, int]:
        """instance → one of its slots."""
        lines = (line.split() for line in (self._folder / "slots.map").read_text().splitlines())
        return {value.partition(":")[0]: int(slot) for slot, value in lines if slot.isdecimal()}

    def hang(self, instance: str) -> None:
        address = self.engine.observe()[instance].address.partition(":")[0]
        self._servers.do(f"add acl {self._folder}/hung.acl {address}")

    def _connections(self) -> int:
        """That the edge has accepted so far. Nobody sends it requests here: all are to its Runtime API."""
        lines = self._edge.ask("show info").splitlines()
        return int(next(line for line in lines if line.startswith("CumReq: ")).partition(" ")[2])

    def _processes(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]


class _UnixConnection(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=600)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@contextmanager
def stand(lab: Lab, folder: Path, *, servers: int, slots: int) -> Iterator[Stand]:
    """With a fleet that was saved before. The balancer is on its way when this begins."""
    shared, state = folder / "edge", folder / "state"
    for each in (shared, state):
        each.mkdir(parents=True)
    environment = _environment(shared, state, servers=servers, slots=slots)
    settings = read(environment)
    engine = LoopbackEngine()
    _save(engine, settings, state, servers=servers, slots=slots)
    (shared / "hung.acl").touch()
    (shared / "servers.cfg").write_text(_SERVERS.format(folder=shared))
    edge = edge_container(lab, shared)
    others = _servers(lab, edge, shared)
    try:
        edge.reload()
        with keeper(engine, Path(settings.keeper_socket), settings.release_policy()):
            yield from _balancer(shared, engine, environment, edge.attrs["State"]["Pid"], folder / "balancer.log")
    except BaseException:
        sys.stderr.write(others.logs().decode()[-2000:])
        raise
    finally:
        remove(others)
        remove(edge)


def _environment(shared: Path, state: Path, *, servers: int, slots: int) -> dict[str, str]:
    told = {
        "max_servers": str(min(1000, servers + 64)),
        "initial_servers": "S1",
        "server_image": "bench",
        "server_image_id": CONTENT,
        "server_port": str(PORT),
        "ring": json.dumps({"strategy": "table", "slots": slots}),
        "edge_dir": str(shared),
        "state_dir": str(state),
        "keeper_socket": str(state / "keeper.sock"),
    }
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("RINGMASTER_")},
        **{f"RINGMASTER_{name.upper()}": value for name, value in told.items()},
        "PYTHONPATH": str(_BALANCER / "src"),
    }


def _save(engine: LoopbackEngine, settings: Settings, state: Path, *, servers: int, slots: int) -> None:
    release = replace(settings.release(), number=1)
    fleet = replace(fleets.fleet(servers, slots), release=release, configured_release=release)
    profile = settings.ring_profile()
    fleet = engine.run(replace(fleet, profile=profile, configured=profile))
    FileStore(state, catalogue=settings.catalogue(), profile=profile, release=release).save(fleet)


def _servers(lab: Lab, edge: Container, shared: Path) -> Container:
    container: Container = lab.engine.containers.run(
        lab.edge_image,
        name=f"{edge.name}-servers",
        entrypoint=["haproxy", "-db", "-f", str(shared / "servers.cfg")],
        network_mode=f"container:{edge.id}",
        user=f"{UID}:{UID}",
        volumes=[f"{shared}:{shared}"],
        labels=lab.labels,
        detach=True,
    )
    return container


def _balancer(
    shared: Path, engine: LoopbackEngine, environment: dict[str, str], network: int, log: Path
) -> Iterator[Stand]:
    sockets = [f"--bind=unix:{shared}/{name}" for name in ("balancer.sock", "control.sock")]
    config = f"--config={_BALANCER / 'gunicorn.conf.py'}"
    inside = ["nsenter", f"--net=/proc/{network}/ns/net"]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 (all words are ours)
            [*inside, sys.executable, "-m", "gunicorn", config, *sockets], env=environment, stderr=output, stdout=output
        )
    try:
        yield Stand(shared, engine, psutil.Process(process.pid))
    except BaseException:
        sys.stderr.write(log.read_text()[-3000:])
        raise
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            for each in (*psutil.Process(process.pid).children(recursive=True), process):
                each.kill()
            process.wait()


def wait_until_ready(stand: Stand) -> None:
    until(stand.is_ready, "the balancer is ready", within=120, pause=0.02)
