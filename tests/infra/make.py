"""`make` as a user types it, and the system that it makes. It runs in this checkout, on this machine's engine."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.deployment import PROJECT, free_ports
from tests.system import System

TERRAFORM = PROJECT / "infra" / "terraform"

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


def environment(token: str = "") -> dict[str, str]:
    """A user's shell, with a token exported where there is one."""
    kept = {name: value for name, value in os.environ.items() if name not in _INHERITED}
    return kept | ({"RINGMASTER_TOKEN": token} if token else {})


def make(*words: str, token: str = "") -> Run:
    done = subprocess.run(
        ["make", *words],
        cwd=PROJECT,
        env=environment(token),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_LIMIT,
        check=False,
    )
    return Run(done.returncode, done.stdout)


class MadeSystem(System):
    """Named, prefixed and published apart from whatever else is on the engine."""

    def __init__(self) -> None:
        name = f"test-{secrets.token_hex(3)}"
        self.public, self.control = free_ports(2)
        super().__init__(name, url=f"http://127.0.0.1:{self.public}", control_url=f"http://127.0.0.1:{self.control}")
        self.prefix = f"{name}-"
        self.words = (
            f"DEPLOYMENT={name}",
            f"PREFIX={self.prefix}",
            f"PORT={self.public}",
            f"CONTROL_PORT={self.control}",
        )

    def up(self, *more: str) -> Run:
        return make("up", *self.words, *more, token=self.token)

    def verify(self) -> Run:
        return make("verify", *self.words, token=self.token)

    def down(self) -> Run:
        """With no more words than `make up` says it takes."""
        return make("down", f"DEPLOYMENT={self.deployment}")

    @property
    def folders(self) -> list[Path]:
        """Where make and Terraform keep what they know about it."""
        return [TERRAFORM / ".deployments" / self.deployment, TERRAFORM / "terraform.tfstate.d" / self.deployment]

    @property
    def traces(self) -> dict[str, list[str]]:
        """What is left of it on this machine, by kind; empty after `make down`."""
        folders = [str(folder) for folder in self.folders if folder.exists()]
        return self.containers.leftovers | ({"folders": folders} if folders else {})
