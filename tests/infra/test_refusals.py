"""What `make up` refuses, what it says then, and that nothing was changed."""

from __future__ import annotations

import pytest

from tests.infra.make import MadeSystem, Refusal, Run

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]


def test_a_taken_port_is_named_with_what_to_do(refusals: dict[str, Refusal]) -> None:
    system, run = refusals["taken"].system, refusals["taken"].run.result()
    assert run.code != 0
    assert f"Port {system.control} on 127.0.0.1 is taken. See by what with: ss -ltnp " in run.prose
    assert "take other ports: make up PORT=8000 CONTROL_PORT=8001" in run.prose


def test_an_input_that_terraform_does_not_know_is_named(refusals: dict[str, Refusal]) -> None:
    run = refusals["mistyped"].run.result()
    assert run.code != 0
    assert "ringmaster_variables names replcas, which infra/terraform/variables.tf does not have" in run.prose
    assert "publish_port, pull_timeout, queue_timeout, rate_limit, registry_config, replicas, " in run.prose


def test_an_engine_that_does_not_answer_is_named_and_none_is_installed_beside_it(refusals: dict[str, Refusal]) -> None:
    run = refusals["engineless"].run.result()
    assert run.code != 0
    assert "the engine that DOCKER_HOST=unix:///nowhere/docker.sock names; nothing is installed beside it." in run.prose
    assert "Install the Docker engine" not in run.output


def test_a_key_that_the_edge_cannot_read_is_named(refusals: dict[str, Refusal]) -> None:
    run = refusals["locked"].run.result()
    assert run.code != 0
    assert "The edge runs as user and group 10001 and cannot read " in run.prose
    assert "shop.key. On " in run.prose
    assert "chgrp 10001 FILE && chmod 640 FILE" in run.prose


def test_the_doctor_names_all_that_make_up_would_stop_for_and_which_way_it_would_take(
    refusals: dict[str, Refusal],
) -> None:
    system, run = refusals["looked at"].system, refusals["looked at"].run.result()
    assert run.code != 0
    assert "make up would fail: ringmaster_variables names replcas, which infra/terraform/variables.tf" in run.prose
    assert f"Besides: Port {system.public} on 127.0.0.1 is taken." in run.prose
    for line in (
        "Docker engine: ",
        "Base image: ",
        "Terraform: ",
        "Provider: is here",
        "SELinux: ",
        "Free: ",
        "Proxies: ",
    ):
        assert line in run.prose
    assert run.recap["changed"] == 0
    assert system.traces == {}


@pytest.mark.parametrize("what", ["taken", "mistyped", "engineless", "locked"])
def test_the_preflight_changes_nothing(refusals: dict[str, Refusal], what: str) -> None:
    system, run = refusals[what].system, refusals[what].run.result()
    assert (run.recap["changed"], run.recap["failed"]) == (0, 1), run.output
    assert system.traces == {}


def test_a_value_that_terraform_refuses_is_named_with_what_to_write(system: MadeSystem, refused: Run) -> None:
    assert refused.code != 0
    assert "Write replicas as a whole number, 1 or more." in refused.prose
    assert f"take it away with: make down DEPLOYMENT={system.deployment}" in refused.prose
    assert system.is_ready
