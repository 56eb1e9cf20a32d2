"""A running deployment as its users and operators see it. It does not matter how the deployment was made."""

from __future__ import annotations

import io
import json
import re
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import docker

from balancer import settings
from balancer.adapters.file_store import FileStore
from balancer.core.errors import StateUnavailable
from balancer.core.fleet import Fleet
from balancer.core.routes import hostname, routes
from tests.containers import Containers, Role, present_run, run_in
from tests.http_client import Answer, ask
from tests.polling import until

STATE = "/var/lib/ringmaster/fleet.json"
_SHOW_MAP = """
import socket
connection = socket.socket(socket.AF_UNIX)
connection.connect("/run/ringmaster/runtime.sock")
connection.sendall(b"show map /run/ringmaster/slots.map\\n")
while part := connection.recv(65536):
    print(part.decode(), end="")
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state that must stay the same where nothing may change. `runs`: hostname → present run of its container."""

    replicas: list[str]
    target: int
    ring: str
    runs: dict[str, tuple[Any, Any]]


ON_THEIR_WAY = ("pulling", "rolling", "rolling back")
"""The stages of a deploy that has not ended."""


class System:
    """`url`: the public side. `control_url`: the control port. `token`: empty where the deployment has none. `engine`:
    the machine's own where none is given."""

    def __init__(
        self,
        deployment: str,
        *,
        url: str,
        control_url: str,
        token: str = "",
        engine: docker.DockerClient | None = None,
    ) -> None:
        self.deployment = deployment
        self.url = url
        self.control_url = control_url
        self.token = token
        self.containers = Containers(deployment, engine)

    @property
    def home(self) -> str:
        return f"{self.url}/home"

    def get(self, path: str, **options: Any) -> Answer:
        return ask("GET", self.url, path, **options)

    def rep(self) -> Answer:
        return self.get("/rep")

    def add(self, n: object, hostnames: Sequence[str] | None = None) -> Answer:
        return self.change("POST", "/add", n, hostnames)

    def rm(self, n: object, hostnames: Sequence[str] | None = None) -> Answer:
        return self.change("DELETE", "/rm", n, hostnames)

    def change(self, method: str, path: str, n: object, hostnames: Sequence[str] | None) -> Answer:
        document = {"n": n} if hostnames is None else {"n": n, "hostnames": hostnames}
        return ask(method, self.url, path, body=json.dumps(document).encode(), headers=self.authorization)

    @property
    def authorization(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def operate(self, method: str, path: str, document: object = None) -> Answer:
        """Sends a request to the control port, with `document` as JSON."""
        body = None if document is None else json.dumps(document).encode()
        return ask(method, self.control_url, path, body=body, headers=self.authorization)

    def healthz(self) -> Answer:
        return self.operate("GET", "/healthz")

    def readyz(self) -> Answer:
        return self.operate("GET", "/readyz")

    def ring(self) -> Answer:
        return self.operate("GET", "/ring")

    def lookup(self, key: str) -> Answer:
        return self.operate("GET", f"/ring/lookup?key={quote(key, safe='')}")

    def preview(self, document: object) -> Answer:
        return self.operate("POST", "/ring/preview", document)

    def put_ring(self, profile: object) -> Answer:
        return self.operate("PUT", "/ring", profile)

    def deploy(self, document: object) -> Answer:
        return self.operate("POST", "/deploy", document)

    @property
    def stage(self) -> str:
        """The stage of the latest deploy; empty where there was none, or the balancer does not answer."""
        try:
            answer = self.operate("GET", "/deploy")
        except OSError:
            return ""
        deploy = answer.document["deploy"] if answer.status == 200 else None
        return str(deploy["stage"]) if deploy else ""

    def weigh(self, hostname: str, weight: object) -> Answer:
        return self.operate("PATCH", f"/servers/{hostname}", {"weight": weight})

    @property
    def is_ready(self) -> bool:
        try:
            return self.readyz().status == 200
        except OSError:
            return False

    @property
    def replicas(self) -> list[str]:
        """The replicas in the answer of /rep; empty while the balancer does not answer."""
        try:
            answer = self.rep()
        except OSError:
            return []
        return list(answer.document["message"]["replicas"]) if answer.status == 200 else []

    @property
    def only_its_fleet_runs(self) -> bool:
        """Whether the servers that /rep names have containers, and no other servers have."""
        return set(self.containers.servers) == set(self.replicas)

    def wait_until_ready(self, *, within: float = 30) -> None:
        until(lambda: self.is_ready, f"{self.deployment} is ready", within=within)

    @property
    def report(self) -> dict[str, Any]:
        """The answer of /readyz; while the edge is away, as the balancer's container itself gets it. That takes a
        process in there, and ten times as long."""
        with suppress(OSError):
            report: dict[str, Any] = self.readyz().document
            if "replicas" in report:
                return report
        _, output = self.containers.balancer.exec_run(["python3", "-S", "-m", "balancer.healthcheck"])
        return dict(json.loads(output))

    @property
    def standing(self) -> Standing:
        report = self.report
        runs = {hostname: present_run(container) for hostname, container in self.containers.servers.items()}
        return Standing(report["replicas"], report["target"], report["ring"], runs)

    @property
    def settings(self) -> settings.Settings:
        """The settings that the balancer was started with."""
        environment = self.containers.environment(self.containers.balancer)
        return settings.read({name: value for name, value in environment.items() if name.startswith(settings.PREFIX)})

    @property
    def fleet(self) -> Fleet:
        """The saved fleet; the balancer may be down. The file is read again where it was replaced while the engine read
        it."""
        with suppress(StateUnavailable):
            return self._saved_fleet()
        return self._saved_fleet()

    def _saved_fleet(self) -> Fleet:
        stream, _ = self.containers.balancer.get_archive(STATE)
        with tempfile.TemporaryDirectory() as folder:
            with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
                saved = archive.extractfile(Path(STATE).name)
                assert saved is not None
                (Path(folder) / Path(STATE).name).write_bytes(saved.read())
            read = self.settings
            fleet = FileStore(
                Path(folder), catalogue=read.catalogue(), profile=read.ring_profile(), release=read.release()
            ).load()
        assert fleet is not None
        return fleet

    @property
    def slot_map(self) -> tuple[str, ...]:
        """slot → hostname: the first of its walk in the edge's slot map; without an edge, that of the saved fleet."""
        if not self.containers.of("edge"):
            return tuple(hostname(instance) for instance in routes(self.fleet).slots)
        lines = run_in(self.containers.balancer, "python3", "-c", _SHOW_MAP).splitlines()
        rows = (line.split() for line in lines)
        walks = {int(row[1]): row[2] for row in rows if len(row) == 3 and re.fullmatch(r"\d+", row[1])}
        names = {slot: hostname(walk.partition(":")[0]) for slot, walk in walks.items()}
        return tuple(names.get(slot, "") for slot in range(self.fleet.profile.slots))

    def logs(self, *, since: float) -> dict[str, str]:
        """role → the logs of its containers. `since`: seconds since 1970."""
        roles: tuple[Role, ...] = ("balancer", "keeper", "edge", "server")
        return {role: text for role in roles if (text := self.containers.logs(role, since=since))}
