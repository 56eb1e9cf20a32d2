"""Inventories of the playground's nodes, and playbooks that run on them. The roles are the project's own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deployment import PROJECT
from tests.infra.make import Run, environment

PLAYBOOKS = PROJECT / "infra" / "ansible"

_LIMIT = 300.0
"""Seconds after which a playbook counts as hung."""


@dataclass(frozen=True, slots=True)
class Played:
    """`output` is what the user saw."""

    run: Run

    @property
    def code(self) -> int:
        return self.run.code

    @property
    def output(self) -> str:
        return self.run.output

    @property
    def prose(self) -> str:
        return self.run.prose

    @property
    def changed(self) -> dict[str, int]:
        """Host → how many tasks changed something."""
        lines = re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+)", self.output, re.MULTILINE)
        return {host: int(count) for host, count in lines}


@dataclass(slots=True)
class Inventory:
    """The groups' hosts by their names; all are nodes of the playground in `folder`, but for localhost."""

    file: Path
    folder: Path

    def write(
        self, managers: Sequence[str] = (), workers: Sequence[str] = (), leaving: Sequence[str] = (), others: Any = ()
    ) -> None:
        groups = {"swarm_managers": managers, "swarm_workers": workers, "swarm_leaving": leaving, "ringmaster": others}
        wanted = {name: {"hosts": {host: self._variables(host) for host in hosts}} for name, hosts in groups.items()}
        self.file.write_text(json.dumps({name: group for name, group in wanted.items() if group["hosts"]}))

    def _variables(self, host: str) -> dict[str, str]:
        if host == "localhost":
            return {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        home = self.folder / host
        return {
            "ansible_connection": "local",
            "ansible_python_interpreter": str(home / "python"),
            "ringmaster_docker_host": f"unix://{home}/docker.sock",
        }

    def play(self, playbook: str | Path, *words: str, **variables: Any) -> Played:
        """A playbook by its name, or one of the test's own. `variables` are extra ones."""
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("ansible-playbook")),
                *("--inventory", str(self.file), str(PLAYBOOKS / playbook), "--extra-vars", json.dumps(variables)),
                *words,
            ],
            cwd=PROJECT,
            env=environment(ANSIBLE_CONFIG=str(PROJECT / "ansible.cfg"), LC_ALL="C.UTF-8"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
        return Played(Run(done.returncode, done.stdout))
