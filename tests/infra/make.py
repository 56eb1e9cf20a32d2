"""`make` as a user types it, and the system that it makes. It runs in this checkout, on this machine's engine."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deployment import PROJECT, free_ports
from tests.system import System

TERRAFORM = PROJECT / "infra" / "terraform"
MODULE = TERRAFORM / "modules" / "ringmaster"

_LIMIT = 600.0
"""Seconds after which a make target counts as hung."""
_INHERITED = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "RINGMASTER_TOKEN", "ANSIBLE_FORCE_COLOR")
"""What the make that runs these tests, or the user's shell, would hand on to the make under test."""


@dataclass(frozen=True, slots=True)
class Run:
    """`output` is what the user saw, on standard output and standard error."""

    code: int
    output: str

    @property
    def recap(self) -> dict[str, int]:
        """The playbook's closing line: ok, changed, failed … → how many tasks."""
        (line,) = re.findall(r"^localhost +: (.*)$", self.output, re.MULTILINE)
        return {what: int(count) for what, count in re.findall(r"(\w+)=(\d+)", line)}

    @property
    def prose(self) -> str:
        """The output with its line breaks and indentation gone, so that a message is found however it is wrapped."""
        return " ".join(self.output.split())


def environment(**more: str) -> dict[str, str]:
    """A user's shell, with some more exported."""
    return {name: value for name, value in os.environ.items() if name not in _INHERITED} | more


def make(*words: str, **more: str) -> Run:
    """`more` is exported before."""
    done = subprocess.run(
        ["make", *words],
        cwd=PROJECT,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_LIMIT,
        check=False,
    )
    return Run(done.returncode, done.stdout)


class MadeSystem(System):
    """Named, prefixed and published apart from whatever else is on the engine, with temporary files of its own."""

    def __init__(self) -> None:
        name = f"test-{secrets.token_hex(3)}"
        self.public, self.control = free_ports(2)
        super().__init__(name, url=f"http://127.0.0.1:{self.public}", control_url=f"http://127.0.0.1:{self.control}")
        self.prefix = f"{name}-"
        self._temporary = tempfile.TemporaryDirectory(prefix=self.prefix)

    def close(self) -> None:
        self.containers.close()
        self._temporary.cleanup()

    def up(self, *words: str, **more: str) -> Run:
        """`more` is exported before."""
        return self._make("up", *self._settings, *words, **more)

    def doctor(self, *words: str) -> Run:
        return self._make("doctor", *self._settings, *words)

    def verify(self, **more: str) -> Run:
        """`more` is exported before."""
        return self._make("verify", *self._settings, **more)

    def observe(self, port: int, *words: str, **more: str) -> Run:
        """It needs no more words than the deployment's name and where Prometheus is. `more` is exported before."""
        return self._make("observe", f"DEPLOYMENT={self.deployment}", f"OBSERVE_PORT={port}", *words, **more)

    def down(self, **more: str) -> Run:
        """With no more words than `make up` says it takes. `more` is exported before."""
        return self._make("down", f"DEPLOYMENT={self.deployment}", **more)

    def play(self, playbook: str, *words: str, **variables: Any) -> Run:
        """Ansible itself, without make. `variables` are extra ones, beside the system's names and ports."""
        own = {
            "ringmaster_deployment": self.deployment,
            "ringmaster_name_prefix": self.prefix,
            "ringmaster_publish_port": self.public,
            "ringmaster_control_port": self.control,
        }
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("ansible-playbook")),
                *(f"infra/ansible/{playbook}", "--extra-vars", json.dumps(own | variables)),
                *words,
            ],
            cwd=PROJECT,
            env=environment(ANSIBLE_CONFIG=str(PROJECT / "ansible.cfg"), LC_ALL="C.UTF-8", **self._exported),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
        return Run(done.returncode, done.stdout)

    def _make(self, *words: str, **more: str) -> Run:
        return make(*words, **self._exported | more)

    @property
    def _exported(self) -> dict[str, str]:
        token = {"RINGMASTER_TOKEN": self.token} if self.token else {}
        return {"TMPDIR": self._temporary.name} | token

    @property
    def _settings(self) -> list[str]:
        ports = [f"PORT={self.public}", f"CONTROL_PORT={self.control}"]
        return [f"DEPLOYMENT={self.deployment}", f"PREFIX={self.prefix}", *ports]

    @property
    def temporary_files(self) -> list[str]:
        """What make, Ansible and Terraform left where temporary files go."""
        return [str(path) for path in Path(self._temporary.name).iterdir()]

    @property
    def folders(self) -> list[Path]:
        """Where make and Terraform keep what they know about it."""
        return [TERRAFORM / ".deployments" / self.deployment, TERRAFORM / "terraform.tfstate.d" / self.deployment]

    @property
    def traces(self) -> dict[str, list[str]]:
        """What is left of it on this machine, by kind; empty after `make down`."""
        files = [str(folder) for folder in self.folders if folder.exists()] + self.temporary_files
        return self.containers.belongings | ({"files": files} if files else {})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A `make up` that has to fail, of a system that never was."""

    system: MadeSystem
    run: Future[Run]
