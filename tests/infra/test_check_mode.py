"""`--check --diff` on the deployed system: it tells what a run would change, and changes nothing."""

from __future__ import annotations

import pytest

from tests.containers import started
from tests.deployment import free_ports
from tests.infra.make import MadeSystem, Run

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]

CHECK = ("--check", "--diff")


def left_alone(system: MadeSystem) -> tuple[object, ...]:
    """What no check changes: containers, what Terraform knows, and temporary files."""
    files = [path for folder in system.folders for path in sorted(folder.rglob("*")) if path.is_file()]
    runs = {started(container) for container in system.containers.all}
    return runs, [(path, path.read_bytes()) for path in files], system.temporary_files


@pytest.mark.long
@pytest.mark.usefixtures("first_run")
def test_what_is_as_it_was_asked_for_would_not_change(system: MadeSystem) -> None:
    before = left_alone(system)
    run = system.play("deploy.yml", *CHECK)
    assert run.code == 0, run.output
    assert (run.recap["changed"], run.recap["failed"]) == (0, 0), run.output
    assert left_alone(system) == before


def test_another_variable_is_told_as_terraforms_plan_without_secrets(system: MadeSystem, first_run: Run) -> None:
    assert first_run.code == 0
    before = left_alone(system)
    secret = "a-token-that-is-only-asked-about~1"  # noqa: S105 (it guards nothing)
    run = system.play("deploy.yml", *CHECK, ringmaster_variables={"replicas": 5, "token": secret})
    assert run.code == 0, run.output
    assert run.recap["changed"] > 0
    assert "module.balancer[0].docker_container.this must be replaced" in run.output
    assert "Plan: " in run.output
    assert secret not in run.output
    assert left_alone(system) == before


@pytest.mark.long
@pytest.mark.usefixtures("first_run")
def test_a_variable_that_terraform_refuses_is_refused(system: MadeSystem) -> None:
    run = system.play("deploy.yml", *CHECK, ringmaster_variables={"replicas": 0})
    assert run.code != 0
    assert "replicas" in run.prose


@pytest.mark.usefixtures("first_run")
def test_a_destroy_is_told_and_takes_nothing_away(system: MadeSystem) -> None:
    before = left_alone(system)
    run = system.play("destroy.yml", *CHECK)
    assert run.code == 0, run.output
    assert run.recap["changed"] > 0
    assert " to destroy." in run.output
    assert left_alone(system) == before


@pytest.mark.long
@pytest.mark.parametrize("playbook", ["host.yml", "verify.yml", "observe.yml"])
@pytest.mark.usefixtures("first_run")
def test_the_other_playbooks_change_nothing_either(system: MadeSystem, playbook: str) -> None:
    before = left_alone(system)
    run = system.play(playbook, *CHECK, ringmaster_prometheus_port=free_ports(1)[0])
    assert run.code == 0, run.output
    assert (run.recap["changed"] > 0) == (playbook == "observe.yml"), run.output
    assert left_alone(system) == before
