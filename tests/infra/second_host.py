"""A second host, which is reached by SSH alone. Its address is one of this machine's loopback, its engine this
machine's."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.deployment import PROJECT, SOCKET, free_ports
from tests.infra.inventory import PLAYBOOKS, Played
from tests.infra.make import Run, environment
from tests.sshd import Sshd, User

ADDRESS = "127.0.0.2"
USER = "ann"

_LIMIT = 600.0
"""Seconds after which a playbook counts as hung."""


class SecondHost:
    """In a with statement the host answers by SSH. `name` is what the inventory calls it."""

    name = "box"

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self._opened = ExitStack()
        self.home = Path(self._opened.enter_context(tempfile.TemporaryDirectory(prefix="ringmaster-host-")))
        self._user = User(USER, self.home)

    def __enter__(self) -> Self:
        sshd = Sshd(self.home, self._user, address=ADDRESS, port=self.port, socket=SOCKET)
        try:
            self._opened.enter_context(sshd)
            (self.home / "known_hosts").write_text(sshd.known)
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
        """For sudo."""
        return self._user.password

    def play(self, playbook: str | Path, *words: str, become_password: bool = True, **variables: Any) -> Played:
        """On an inventory that has the host in the group ringmaster, and one that is out of reach outside of it."""
        password = {"ansible_become_password": self.password} if become_password else {}
        checked = f"-o UserKnownHostsFile={self.home}/known_hosts -o StrictHostKeyChecking=yes"
        host = {
            "ansible_host": ADDRESS,
            "ansible_port": self.port,
            "ansible_user": USER,
            "ansible_ssh_private_key_file": str(self._user.key),
            "ansible_ssh_common_args": f"{checked} -o IdentitiesOnly=yes",
            "ansible_python_interpreter": "/usr/bin/python3",
            **password,
        }
        others = {"hosts": {"somebody-elses": {"ansible_host": "192.0.2.1"}}}
        inventory = self.home / "hosts.json"
        inventory.write_text(json.dumps({"ringmaster": {"hosts": {self.name: host}}, "databases": others}))
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("ansible-playbook")),
                *("--inventory", str(inventory), str(PLAYBOOKS / playbook), "--extra-vars", json.dumps(variables)),
                *words,
            ],
            cwd=PROJECT,
            env=environment(ANSIBLE_CONFIG=str(PROJECT / "ansible.cfg"), LC_ALL="C.UTF-8", HOME=str(Path.home())),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
        return Played(Run(done.returncode, done.stdout))
