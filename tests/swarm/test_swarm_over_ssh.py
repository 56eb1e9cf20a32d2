"""Three hosts as a user has them: reached by SSH, as somebody who needs a password for sudo, from a machine whose files
they do not have. An inventory and two commands. The tests are one story, in their order."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers import Containers
from tests.deployment import PROJECT, base_image
from tests.http_client import ask
from tests.infra.make import TERRAFORM, Run, make
from tests.playground import Playground
from tests.polling import until
from tests.swarm.ssh_nodes import SshNodes
from tests.swarm.swarm_state import belongings

pytestmark = [pytest.mark.docker, pytest.mark.ansible, pytest.mark.timeout(900)]

DEPLOYMENT = "playground"
TOKEN = "the-operators-token-of-this-test~1"  # noqa: S105 (it guards nothing)
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def nodes() -> Iterator[SshNodes]:
    with Playground(3) as playground:
        # What nothing here is to show is how a base image is made, which takes a minute.
        archive = subprocess.run(["docker", "save", base_image()], check=True, stdout=subprocess.PIPE).stdout
        playground.client("node1").images.load(archive)
        with SshNodes(playground) as nodes:
            yield nodes


def run(nodes: SshNodes, target: str, *words: str) -> Run:
    common = [f"INVENTORY={nodes.inventory}", f"DEPLOYMENT={DEPLOYMENT}"]
    return make(target, *common, *words, RINGMASTER_TOKEN=TOKEN)


def up(nodes: SshNodes) -> Run:
    """The second of the two commands; the first makes the token."""
    return run(nodes, "up", "TLS=self-signed")


def changed(done: Run) -> dict[str, int]:
    """Host → how many tasks changed something."""
    lines = re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+)", done.output, re.MULTILINE)
    return {host: int(count) for host, count in lines}


def test_an_inventory_and_two_commands(nodes: SshNodes) -> None:
    done = up(nodes)
    assert done.code == 0, done.output
    assert set(changed(done)) >= set(nodes.playground.nodes)
    for secret in (nodes.password, TOKEN, "SWMTKN"):
        assert secret not in done.output
    for node in nodes.playground.nodes:
        assert ask("GET", f"http://{nodes.playground.address(node)}:5000", "/home").status == 200


def test_a_change_through_any_node(nodes: SshNodes) -> None:
    control = f"https://{nodes.playground.address('node3')}:5001"
    added = ask("POST", control, "/add", body=b'{"n": 3}', headers=BEARER)
    assert added.status == 200, added
    assert added.document["message"]["N"] == 6


def test_a_second_run_changes_nothing(nodes: SshNodes) -> None:
    done = up(nodes)
    assert done.code == 0, done.output
    assert changed(done) == dict.fromkeys(nodes.playground.nodes, 0), done.output


def test_what_is_there_is_shown_and_verified(nodes: SshNodes) -> None:
    status = run(nodes, "status")
    assert status.code == 0, status.output
    assert all(f"{node} " in status.output for node in nodes.playground.nodes)
    assert "ringmaster-balancer" in status.output
    logs = run(nodes, "logs")
    assert logs.code == 0, logs.output
    assert "balancer" in logs.output
    verified = run(nodes, "verify")
    assert verified.code == 0, verified.output


def test_nothing_of_it_is_on_the_machine_that_asked(nodes: SshNodes) -> None:
    assert not left_here()


def test_it_goes_and_leaves_nothing_on_any_host(nodes: SshNodes) -> None:
    done = run(nodes, "down")
    assert done.code == 0, done.output
    engines = [Containers(DEPLOYMENT, nodes.playground.client(node)) for node in nodes.playground.nodes]
    until(lambda: not any(engine.belongings for engine in engines), "nothing is left", within=30)
    assert belongings(engines[0].engine) == {}
    assert not left_here()


def left_here() -> list[Path]:
    folders = (PROJECT / "infra/terraform/.deployments", TERRAFORM / "terraform.tfstate.d")
    return [folder / DEPLOYMENT for folder in folders if (folder / DEPLOYMENT).exists()]
