"""The playground's nodes as hosts that are reached by SSH alone. Each has an sshd in its network and file systems of
its own. The engines are the playground's, whose sockets are where an engine's socket is."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.playground import Playground
from tests.sshd import Sshd, User


class SshNodes:
    """In a with statement every node of the running playground answers by SSH. `inventory`: a file as a user writes it,
    with no word of a playground but where Swarm's own containers find the engine's socket."""

    def __init__(self, playground: Playground) -> None:
        self.playground = playground
        self._opened = ExitStack()
        folder = Path(self._opened.enter_context(tempfile.TemporaryDirectory(prefix="ringmaster-ssh-")))
        self.inventory = folder / "hosts.yml"
        self._known_hosts = folder / "known_hosts"
        self._user = User("admin", folder)

    def __enter__(self) -> Self:
        try:
            hosts = [self._opened.enter_context(self._sshd(node)) for node in self.playground.nodes]
            self._known_hosts.write_text("".join(host.known for host in hosts))
            self.inventory.write_text(json.dumps(self._written()))
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._opened.close()

    @property
    def password(self) -> str:
        """For sudo on every node."""
        return self._user.password

    def _sshd(self, node: str) -> Sshd:
        folder = self.playground.folder / node
        return Sshd(
            folder / "ssh",
            self._user,
            address=self.playground.address(node),
            socket=folder / "docker.sock",
            name=node,
            network=Path(f"/var/run/netns/rm-{node}"),
        )

    def _written(self) -> dict[str, Any]:
        socket = f"{self.playground.folder}/{{{{ '{{{{.Node.Hostname}}}}' }}}}/docker.sock"
        hosts = {node: {"ansible_host": self.playground.address(node)} for node in self.playground.nodes}
        checked = f"-o UserKnownHostsFile={self._known_hosts} -o StrictHostKeyChecking=yes"
        return {
            "all": {
                "vars": {
                    "ansible_user": self._user.name,
                    "ansible_become_password": self.password,
                    "ansible_ssh_private_key_file": str(self._user.key),
                    "ansible_ssh_common_args": checked,
                    "ringmaster_deployment_docker_socket": socket,
                    "ringmaster_preflight_free_megabytes": 1000,
                }
            },
            "swarm_managers": {"hosts": hosts},
        }
