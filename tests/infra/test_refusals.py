"""What `make up` refuses, what it says then, and that nothing was changed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.infra.make import MadeSystem, Run

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]


@pytest.fixture(scope="module")
def refusals() -> Iterator[dict[str, tuple[MadeSystem, Run]]]:
    """New systems that cannot come up, tried at the same time: what is wrong → the system and its `make up`."""
    taken, mistyped = MadeSystem(), MadeSystem()
    with socket.create_server(("127.0.0.1", taken.control)), ThreadPoolExecutor() as pool:
        runs = {
            "taken": (taken, pool.submit(taken.up)),
            "mistyped": (mistyped, pool.submit(mistyped.up, 'VARS={"ringmaster_variables": {"replcas": 5}}')),
        }
        yield {what: (system, run.result()) for what, (system, run) in runs.items()}
    for system in (taken, mistyped):
        system.containers.close()


def test_a_taken_port_is_named_with_what_to_do(refusals: dict[str, tuple[MadeSystem, Run]]) -> None:
    system, run = refusals["taken"]
    assert run.code != 0
    assert (
        f"Port {system.control} on 127.0.0.1 is taken. See by what with: ss -ltnp 'sport = :{system.control}'"
        in run.prose
    )
    assert "take other ports: make up PORT=8000 CONTROL_PORT=8001" in run.prose


def test_an_input_that_terraform_does_not_know_is_named(refusals: dict[str, tuple[MadeSystem, Run]]) -> None:
    _, run = refusals["mistyped"]
    assert run.code != 0
    assert "ringmaster_variables names replcas, which infra/terraform/variables.tf does not have" in run.prose
    assert "publish_port, replicas, response_timeout" in run.prose


@pytest.mark.parametrize("what", ["taken", "mistyped"])
def test_the_preflight_changes_nothing(refusals: dict[str, tuple[MadeSystem, Run]], what: str) -> None:
    system, run = refusals[what]
    assert (run.recap["changed"], run.recap["failed"]) == (0, 1), run.output
    assert system.traces == {}


def test_a_value_that_terraform_refuses_is_named_with_what_to_write(system: MadeSystem, refused: Run) -> None:
    assert refused.code != 0
    assert "Write replicas as a whole number, 1 or more." in refused.prose
    assert f"take it away with: make down DEPLOYMENT={system.deployment}" in refused.prose
    assert system.is_ready
