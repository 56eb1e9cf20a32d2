"""The command line as a user types it, against a control port over a balancer in memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ringmaster.main import cli
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app
from tests.unit.ringmaster.control_port import ControlPort

Run = Callable[..., Result]


@pytest.fixture
def balancer() -> InMemoryBalancer:
    return InMemoryBalancer().started()


@pytest.fixture
def port(balancer: InMemoryBalancer) -> Iterator[ControlPort]:
    with ControlPort(control_app(balancer)) as port:
        yield port


@pytest.fixture
def run(port: ControlPort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line such as `run("ring", "show")`. Its result has stdout, stderr and exit_code."""

    def run(*words: str, **environment: str | None) -> Result:
        monkeypatch.setattr(sys, "argv", ["ringmaster", *words])
        mine: dict[str, str | None] = {"RINGMASTER_URL": port.url, "HOME": str(tmp_path), "XDG_CONFIG_HOME": None}
        nobody = {"RINGMASTER_TOKEN": None, "NO_COLOR": None, "FORCE_COLOR": None, "COLUMNS": None}
        return CliRunner().invoke(cli, words, prog_name="ringmaster", env=mine | nobody | environment)

    return run
