"""What Terraform's script says of containers, volumes and a Docker Swarm, and what it removes. Its docker is none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.infra.make import MODULE

pytestmark = [pytest.mark.terraform]

MANAGER = {"info *": "echo true"}


class Engine:
    """A docker command: pattern of sh → what it then does. What it does not know has no output."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, verb: str, commands: dict[str, str], **variables: str) -> subprocess.CompletedProcess[str]:
        cases = "\n".join(f"{pattern.replace(' ', chr(92) + ' ')}) {what} ;;" for pattern, what in commands.items())
        docker = self.folder / "docker"
        docker.write_text(f'#!/bin/sh\ncd {self.folder}\necho "$*" >>called\ncase "$*" in\n{cases}\nesac\n')
        docker.chmod(0o755)
        return subprocess.run(
            ["/bin/sh", MODULE / "scripts" / "deployment.sh", verb],
            env={
                "PATH": f"{self.folder}:/usr/bin:/bin",
                "RINGMASTER_DEPLOYMENT": "shop",
                "RINGMASTER_DOCKER_HOST": "default",
                "RINGMASTER_RUNTIME": "swarm",
                **{f"RINGMASTER_{name}": value for name, value in variables.items()},
            },
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def called(self) -> list[str]:
        return (self.folder / "called").read_text().splitlines()


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


def claim(engine: Engine, commands: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return engine.run("claim", commands, SERVICES="ringmaster-edge", CONTAINERS="", VOLUMES="", NETWORKS="")


def test_a_container_that_has_no_name_any_more_is_gone(engine: Engine) -> None:
    """Docker 20.10 went on listing one that `docker stop` and a removal had ended at the same moment."""
    listed = {"container ls *name=.*": ":", "container ls *": "echo 4e96ef1f9584"}
    reaped = engine.run("reap", listed, RUNTIME="engine", NETWORK="shop-ringmaster")
    claimed = engine.run("claim", listed, RUNTIME="engine", CONTAINERS="", VOLUMES="", NETWORKS="")
    assert [(done.returncode, done.stderr) for done in (reaped, claimed)] == [(0, ""), (0, "")]


def test_an_engine_that_is_no_manager_is_refused(engine: Engine) -> None:
    refused = claim(engine, {"info *": "echo false"})
    assert refused.returncode == 1
    assert refused.stderr.startswith("The engine is no manager of a Docker Swarm: run `docker swarm init` on it")


@pytest.mark.parametrize("kind", ["service", "secret", "config"])
def test_what_another_deployment_of_the_name_has_is_refused(engine: Engine, kind: str) -> None:
    refused = claim(engine, {**MANAGER, f"{kind} ls --quiet *label=ringmaster.deployment=shop*": "echo one"})
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"A {kind} of the deployment 'shop' is on the engine already")


def test_a_service_of_the_name_is_refused_and_one_of_a_longer_name_is_not(engine: Engine) -> None:
    assert claim(engine, {**MANAGER, "service ls --format *": "echo ringmaster-edge-2"}).returncode == 0
    refused = claim(engine, {**MANAGER, "service ls --format *": "echo ringmaster-edge"})
    assert refused.returncode == 1
    assert refused.stderr.startswith("A service named ringmaster-edge is on the engine already")


def test_an_update_that_stopped_is_told_with_its_reason(engine: Engine) -> None:
    commands = {
        "service inspect *": "echo 'paused: update paused due to failure'",
        "service ps *": "echo 'node2: Rejected No such image: sha256:4711'",
    }
    failed = engine.run("await", commands, SERVICES="ringmaster-edge", WAIT="60")
    assert failed.returncode == 1
    assert "node2: Rejected No such image: sha256:4711" in failed.stderr
    assert "The update of ringmaster-edge stopped" in failed.stderr
    assert "update paused due to failure" in failed.stderr


def test_a_service_that_does_not_come_up_in_time_is_told_with_its_tasks(engine: Engine) -> None:
    commands = {
        "service ls *": "echo ringmaster-edge-2 3/3; echo ringmaster-edge 2/3",
        "service ps *": "echo 'node3: Preparing'",
    }
    failed = engine.run("await", commands, SERVICES="ringmaster-edge", WAIT="0")
    assert failed.returncode == 1
    assert "node3: Preparing" in failed.stderr
    assert "ringmaster-edge does not run on all nodes within 0 s." in failed.stderr


def test_services_that_run_are_not_waited_for(engine: Engine) -> None:
    commands = {
        "service inspect *": "echo 'completed: update completed'",
        "service ls *": "echo ringmaster-edge 3/3; echo 'ringmaster-balancer 1/1 (max 1 per node)'",
    }
    assert engine.run("await", commands, SERVICES="ringmaster-balancer ringmaster-edge", WAIT="0").returncode == 0


def test_servers_that_a_dying_balancer_still_made_go_too_and_the_state_goes_last(engine: Engine) -> None:
    """One service is there, then a second one, then a container that is on its way."""
    commands = {
        "service ls *": "head -n 1 services; sed -i 1d services",
        "node ls *": "echo 'n1 Ready'; echo 'n2 Down'",
        "node ps *": "head -n 1 tasks; sed -i 1d tasks",
        "volume ls *": "echo ringmaster-keeper",
        "config ls *label=ringmaster.role=state*": "echo state-7",
    }
    engine.folder.joinpath("services").write_text("s1\ns2\n")
    gone = "t0 n1 s0.1 Shutdown 3 seconds ago"
    engine.folder.joinpath("tasks").write_text(f"{gone}\nt2 n1 s2.1 Running 9 seconds ago\n{gone}\n")
    assert engine.run("reap", commands).returncode == 0
    changes = [line for line in engine.called if " rm " in line]
    assert changes == ["service rm s1", "service rm s2", "volume rm ringmaster-keeper", "config rm state-7"]
    asked = next(line for line in engine.called if line.startswith("node ps"))
    assert asked.endswith(" n1")


def test_services_are_stopped_role_by_role_and_stay(engine: Engine) -> None:
    commands = {
        "service ls *role=balancer*": "echo b",
        "service ls *role=edge*": "echo e",
        "node ls *": "echo 'n1 Ready'",
    }
    assert engine.run("halt", commands, ROLES="balancer edge keeper").returncode == 0
    updates = [line for line in engine.called if line.startswith("service update")]
    assert updates == [
        f"service update --detach --quiet --constraint-add node.labels.ringmaster.halted==true {name}" for name in "be"
    ]
    assert not [line for line in engine.called if " rm " in line]


def test_volumes_that_are_not_there_or_the_deployments_own_are_taken(engine: Engine) -> None:
    commands = {
        "volume ls *my.fleet*": "echo my-fleet",
        "volume ls *=^mine*": "echo mine",
        "volume inspect *mine": "echo shop",
    }
    assert engine.run("claim_volumes", commands, VOLUMES="new my.fleet mine").returncode == 0
    assert [line.split()[-1] for line in engine.called if line.startswith("volume inspect")] == ["mine"]


@pytest.mark.parametrize("owner", ["", "other"])
def test_a_volume_of_somebody_else_is_refused(engine: Engine, owner: str) -> None:
    commands = {"volume ls *=^theirs*": "echo theirs", "volume inspect *theirs": f"echo {owner}"}
    refused = engine.run("claim_volumes", commands, VOLUMES="new theirs")
    assert refused.returncode == 1
    assert refused.stderr == "A volume named theirs is somebody else's: choose another of volume_names.\n"


def test_volumes_of_an_engine_that_does_not_answer_are_not_taken(engine: Engine) -> None:
    assert engine.run("claim_volumes", {"volume ls *": "exit 1"}, VOLUMES="mine").returncode == 1
