"""One node of a deployment on several hosts: the system through its edge's ports, and what its engine has of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence

from docker.errors import DockerException
from requests.exceptions import RequestException

from loadtests.traffic import KEY, SERVED_BY
from tests.playground import Playground
from tests.swarm import names
from tests.system import System

_ASK = """
import json, sys
from http.client import HTTPConnection, HTTPException
host, port, header, served_by, *keys = sys.argv[1:]
found = {}
for key in keys:
    connection = HTTPConnection(host, int(port), timeout=10)
    try:
        connection.request("GET", "/home", headers={header: key})
        answer = connection.getresponse()
        found[key] = answer.getheader(served_by) or "" if answer.status == 200 else ""
    except (OSError, HTTPException):
        found[key] = ""
    connection.close()
print(json.dumps(found))
"""


class Host(System):
    """`node`: its name, which is the engine's hostname. While the node is cut off its ports answer nobody; its engine's
    socket does."""

    def __init__(self, node: str, playground: Playground, token: str) -> None:
        self.node = node
        address = playground.address(node)
        super().__init__(
            names.DEPLOYMENT,
            url=names.PUBLIC.format(address=address),
            control_url=names.CONTROL.format(address=address),
            token=token,
            engine=playground.client(node),
        )

    @property
    def running_servers(self) -> list[str]:
        """The hostnames of the servers whose containers run here; empty while the engine is away."""
        try:
            containers = self.containers.of("server")
        except (DockerException, RequestException):
            return []
        return sorted(each.attrs["Config"]["Hostname"] for each in containers if each.status == "running")

    @property
    def belongings(self) -> dict[str, list[str]]:
        """kind → names of what this engine has of the deployment; empty after a destroy."""
        found = self.containers.belongings
        volumes = [str(volume.name) for volume in self.containers.engine.volumes.list()]
        ours = {name for name in volumes if name.startswith(names.OURS)} | set(found.get("volumes", ()))
        return {**found, "volumes": sorted(ours)} if ours else found

    def logs(self, *, since: float) -> dict[str, str]:
        """As everywhere; nothing while the engine is away."""
        try:
            return {f"{role} on {self.node}": text for role, text in super().logs(since=since).items()}
        except (DockerException, RequestException):
            return {}

    def served_from_inside(self, keys: Sequence[str]) -> Mapping[str, str]:
        """key → the server that a client on this very node gets; empty where no answer or another than 200 came. It
        works while the node is cut off."""
        address = self.url.removeprefix("http://").split(":")
        command = [f"--net=/var/run/netns/rm-{self.node}", sys.executable, "-c", _ASK, *address, KEY, SERVED_BY, *keys]
        done = subprocess.run(["nsenter", *command], check=True, capture_output=True, text=True)
        return dict(json.loads(done.stdout))
