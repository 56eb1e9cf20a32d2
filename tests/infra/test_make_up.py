"""`make up`: what it says, and that saying it again changes nothing."""

from __future__ import annotations

import json
import subprocess

import pytest
from testinfra.host import Host

from tests.containers import started
from tests.deployment import PROJECT
from tests.infra.make import MadeSystem, Run, environment

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]


def curl_lines(run: Run) -> list[str]:
    return [line.strip() for line in run.output.splitlines() if line.strip().startswith("curl ")]


def test_it_ends_with_where_to_go_next(system: MadeSystem, first_run: Run) -> None:
    assert f"Ringmaster serves at {system.url}" in first_run.output
    assert f"make down DEPLOYMENT={system.deployment}\n" in first_run.output
    assert "Docker engine: existing." in first_run.output
    assert "Base image: " in first_run.output
    assert "Terraform's provider: " in first_run.output
    assert len(curl_lines(first_run)) == 3


def test_its_curl_lines_work(system: MadeSystem, first_run: Run, here: Host) -> None:
    silent = [line.replace("curl ", "curl --silent --show-error ", 1) for line in curl_lines(first_run)]
    home, rep, add = (json.loads(here.check_output(line)) for line in silent)
    assert home["message"].removeprefix("Hello from Server: ") in rep["message"]["replicas"]
    assert rep["message"]["N"] == 3
    assert add["message"]["N"] == 4
    assert system.rm(1, add["message"]["replicas"][-1:]).status == 200


def test_the_command_is_installed_and_its_build_leaves_nothing_behind(system: MadeSystem, first_run: Run) -> None:
    """Whatever lay in apps/balancer would give the image another name."""
    assert first_run.code == 0
    shell = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
    asked = [PROJECT / ".venv" / "bin" / "ringmaster", "status", "--json", "--url", system.control_url]
    done = subprocess.run(asked, env=shell, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["health"]["replicas"] == system.replicas
    left = [
        path
        for path in (PROJECT / "apps" / "balancer").rglob("*")
        if path.name == "build" or path.suffix == ".egg-info"
    ]
    assert left == []


def test_a_long_step_says_that_it_runs(first_run: Run) -> None:
    assert "\n  ... ringmaster_deployment : Apply with Terraform" in first_run.output


def test_saying_it_again_changes_nothing_whatever_the_fleet_did(system: MadeSystem, changed_fleet: list[str]) -> None:
    before = runs(system)
    run = system.up()
    assert run.code == 0, run.output
    assert (run.recap["changed"], run.recap["failed"]) == (0, 0), run.output
    assert runs(system) == before
    assert system.replicas == changed_fleet
    assert system.ring().document["profile"]["strategy"] == "ring"


@pytest.mark.long
@pytest.mark.usefixtures("changed_fleet", "guarded")
def test_a_ring_that_is_said_anew_replaces_the_one_that_was_put(system: MadeSystem) -> None:
    assert system.ring().document["profile"]["strategy"] == "maglev"


def runs(system: MadeSystem) -> set[tuple[object, object]]:
    return {started(container) for container in system.containers.all}
