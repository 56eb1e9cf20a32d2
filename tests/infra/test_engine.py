"""Which Docker engine a machine has, and what becomes of it. The machines are folders, with commands of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.infra.filters import COLLECTION
from tests.infra.make import environment

pytestmark = [pytest.mark.ansible]

ROLE = COLLECTION / "roles" / "ringmaster_engine"
NEEDED = [
    "sh",
    "id",
    "head",
    "grep",
    "readlink",
    "sed",
    "dirname",
    "timeout",
    "sleep",
    "touch",
    "setsid",
    "nohup",
    "tail",
]
"""What a machine has beside Docker."""
MUTE = "echo 'Cannot connect to the Docker daemon' >&2; exit 1"


@dataclass
class Machine:
    """A folder with the files that an engine is known by, and the commands that its search path has."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in ("commands", "root", "home"):
            (self.folder / folder).mkdir()
        for name in NEEDED:
            self.command(name, f'exec {shutil.which(name)} "$@"')

    def command(self, name: str, text: str = "exit 0") -> None:
        path = self.folder / "commands" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def packages(self, *names: str) -> None:
        found = f'case $last in {"|".join(names)}) printf "ii " ;; *) exit 1 ;; esac'
        self.command("dpkg-query", f"for last; do :; done; {found}")

    def file(self, path: str) -> None:
        file = self.folder / "root" / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    def configuration(self, text: str) -> None:
        folder = self.folder / "home" / ".docker"
        folder.mkdir()
        (folder / "config.json").write_text(text)

    @property
    def environment(self) -> dict[str, str]:
        apart = ("DOCKER_", "XDG_")
        inherited = {name: value for name, value in environment().items() if not name.startswith(apart)}
        return inherited | {
            "HOME": str(self.folder / "home"),
            "RINGMASTER_ENGINE_ROOT": str(self.folder / "root"),
            **self.variables,
        }

    def engine(self) -> tuple[str, str, str]:
        """What is to be done, the engine's name, and what a person has to do."""
        done = subprocess.run(
            [str(self.folder / "commands" / "sh"), ROLE / "files" / "find_engine.sh"],
            env=self.environment | {"PATH": str(self.folder / "commands")},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        deed, name, advice = done.stdout.split("\n")[:3]
        return deed, name, advice


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_where_there_is_none_one_is_installed(machine: Machine) -> None:
    assert machine.engine()[0] == "install"


def test_a_docker_command_alone_is_no_engine(machine: Machine) -> None:
    machine.command("docker", MUTE)
    machine.packages("docker-ce-cli", "docker-cli")
    assert machine.engine()[0] == "install"


@pytest.mark.parametrize("unit", ["/lib/systemd/system", "/usr/lib/systemd/system", "/etc/systemd/system"])
def test_a_stopped_service_is_started(machine: Machine, unit: str) -> None:
    machine.file("/run/systemd/system/x")
    machine.file(f"{unit}/docker.service")
    machine.packages("docker-ce", "docker-ce-cli")
    deed, name, _ = machine.engine()
    assert (deed, name) == ("start systemd", f"the service docker ({unit}/docker.service)")


@pytest.mark.parametrize("where", ["command", "/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd"])
def test_without_systemd_the_dockerd_that_is_there_is_started(machine: Machine, where: str) -> None:
    if where == "command":
        machine.command("dockerd")
    else:
        machine.file(where)
    machine.file("/lib/systemd/system/docker.service")  # the package brings it, systemd or not
    assert machine.engine()[0] == "start dockerd"


def test_a_dockerd_that_systemd_does_not_know_is_left_to_its_owner(machine: Machine) -> None:
    machine.file("/run/systemd/system/x")
    machine.file("/opt/bin/dockerd")
    deed, name, advice = machine.engine()
    assert deed == "ask"
    assert "/opt/bin/dockerd, for which systemd has no service" in name
    assert "Start it the way it was installed" in advice


def test_a_snap_is_started_by_snap(machine: Machine) -> None:
    machine.file("/var/lib/snapd/snaps/docker_2963.snap")
    machine.command("snap")
    assert machine.engine()[:2] == ("start snap", "Docker's snap")


def test_podman_under_dockers_name_is_named(machine: Machine) -> None:
    machine.command("docker", "exec /usr/bin/podman")
    deed, name, advice = machine.engine()
    assert (deed, "Podman" in name) == ("ask", True)
    assert "remove podman-docker" in advice


@pytest.mark.parametrize(
    ("package", "named"),
    [
        ("docker-desktop", "Docker Desktop"),
        ("podman-docker", "Podman"),
        ("docker-ce", "docker-ce"),
        ("docker.io", "docker.io"),
    ],
)
def test_a_package_is_an_engine_though_its_parts_are_gone(machine: Machine, package: str, named: str) -> None:
    machine.packages(package)
    deed, name, advice = machine.engine()
    assert (deed, named in name) == ("ask", True)
    assert advice


def test_a_rootless_engine_is_named_with_how_to_start_it(machine: Machine) -> None:
    (machine.folder / "runtime").mkdir()
    machine.variables = {"XDG_RUNTIME_DIR": "/run/user/1000"}
    machine.file("/run/user/1000/docker.sock")
    deed, name, advice = machine.engine()
    assert (deed, name) == ("ask", "a rootless Docker engine")
    assert "systemctl --user start docker" in advice
    assert "export DOCKER_HOST=unix:///run/user/1000/docker.sock" in advice


@pytest.mark.parametrize("path", ["/mnt/wsl/docker-desktop/x", "/mnt/c/Program Files/Docker/Docker/x"])
def test_docker_desktop_of_windows_is_an_engine(machine: Machine, path: str) -> None:
    machine.file(path)
    deed, name, advice = machine.engine()
    assert (deed, name) == ("ask", "Docker Desktop of Windows")
    assert "WSL integration" in advice


def test_a_blank_in_the_path_of_a_home_names_no_other_file(machine: Machine) -> None:
    machine.variables = {"HOME": "/home/ann lee"}
    machine.file("/home/ann")
    assert machine.engine()[0] == "install"
    machine.file("/home/ann lee/.docker/desktop")
    assert machine.engine()[:2] == ("ask", "Docker Desktop")


def test_a_socket_that_does_not_answer_is_somebodys(machine: Machine) -> None:
    machine.file("/var/run/docker.sock")
    deed, name, _ = machine.engine()
    assert (deed, name) == ("ask", "an engine behind /var/run/docker.sock, which does not answer")


@pytest.mark.parametrize("installed", [False, True])
def test_an_engine_that_docker_host_names_comes_first(machine: Machine, installed: bool) -> None:
    if installed:
        machine.command("dockerd")
    machine.variables = {"DOCKER_HOST": "tcp://127.0.0.1:1"}
    deed, name, advice = machine.engine()
    assert (deed, "DOCKER_HOST=tcp://127.0.0.1:1" in name) == ("ask", True)
    assert "unset DOCKER_HOST" in advice


def test_a_docker_host_that_is_this_machines_socket_is_none_of_its_own(machine: Machine) -> None:
    machine.variables = {"DOCKER_HOST": "unix:///var/run/docker.sock"}
    assert machine.engine()[0] == "install"


@pytest.mark.parametrize("said_by", ["environment", "file"])
def test_another_context_comes_first(machine: Machine, said_by: str) -> None:
    machine.command("dockerd")
    if said_by == "environment":
        machine.variables = {"DOCKER_CONTEXT": "colima"}
    else:
        machine.configuration('{"auths": {}, "currentContext": "colima"}\n')
    deed, name, advice = machine.engine()
    assert (deed, name) == ("ask", "the engine of the current Docker context, colima")
    assert "docker context use default" in advice


def test_the_context_default_is_this_machines(machine: Machine) -> None:
    machine.command("dockerd")
    machine.configuration('{"currentContext": "default"}\n')
    assert machine.engine()[0] == "start dockerd"


@dataclass(frozen=True)
class Play:
    code: int
    output: str


THE_ROLE = {"roles": ["ringmaster.infra.ringmaster_engine"]}
THE_VERSION = {
    "tasks": [
        {"ansible.builtin.import_role": {"name": f"ringmaster.infra.{role}", "tasks_from": tasks}}
        for role, tasks in (("ringmaster_engine", "probe"), ("ringmaster_preflight", "existing"))
    ]
}


def play(machine: Machine, what: dict[str, Any] = THE_ROLE) -> Play:
    """With the machine's commands before this machine's own. What it would install with only tells that."""
    for name in ("apt-get", "apt", "aptitude"):
        machine.command(name, f"echo installed >{machine.folder}/installed")
    variables = {
        "ringmaster_engine_log": str(machine.folder / "dockerd.log"),
        "ringmaster_engine_wait": 10,
        "ansible_python_interpreter": sys.executable,
        "ansible_become": False,
    }
    host = {"hosts": "localhost", "connection": "local", "gather_subset": ["!all"], "vars": variables}
    (machine.folder / "play.yml").write_text(json.dumps([host | what]))
    done = subprocess.run(
        ["ansible-playbook", "--inventory", "localhost,", machine.folder / "play.yml"],
        env=machine.environment
        | {
            "PATH": f"{machine.folder / 'commands'}:{os.environ['PATH']}",
            "ANSIBLE_ROLES_PATH": str(ROLE.parent),
            "HOME": str(machine.folder / "home"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert not (machine.folder / "installed").exists(), done.stdout
    return Play(done.returncode, " ".join(done.stdout.split()))


def test_the_role_starts_a_stopped_engine_and_installs_nothing(machine: Machine) -> None:
    up = machine.folder / "up"
    machine.command("docker", f"[ -e {up} ] || {{ {MUTE}; }}; echo 29.0.0")
    machine.command("dockerd", f"touch {up}")
    run = play(machine)
    assert run.code == 0, run.output
    assert up.exists()
    assert "Install the Docker engine" not in run.output


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        (
            {"DOCKER_HOST": "unix:///nowhere/docker.sock"},
            "the engine that DOCKER_HOST=unix:///nowhere/docker.sock names",
        ),
        ({"DOCKER_CONTEXT": "colima"}, "the engine of the current Docker context, colima"),
    ],
)
def test_the_role_stops_where_somebody_elses_engine_does_not_answer(
    machine: Machine, variables: dict[str, str], named: str
) -> None:
    machine.command("docker", MUTE)
    machine.variables = variables
    run = play(machine)
    assert run.code != 0
    assert f"this machine has {named}; nothing is installed beside it." in run.output


@pytest.mark.parametrize(
    ("version", "api", "goes_on", "said"),
    [
        ("library-import", "1.56", True, "calls its version library-import, which is no number. Its API is 1.56, so"),
        ("dev", "1.41", True, "calls its version dev, which is no number. Its API is 1.41, so"),
        (
            "dev",
            "1.40",
            False,
            "The Docker engine is version dev with API 1.40, and API 1.41 or newer is needed, which Docker 20.10 has.",
        ),
        (
            "19.03.15",
            "1.40",
            False,
            "The Docker engine is version 19.03.15 with API 1.40, and API 1.41 or newer is needed",
        ),
        ("20.10.24+dfsg1", "1.41", True, ""),
        ("29.0.0-rc.1", "1.52", True, ""),
    ],
)
def test_an_engine_whose_version_is_no_number_is_judged_by_its_api(
    machine: Machine, version: str, api: str, goes_on: bool, said: str
) -> None:
    machine.command("docker", f"case $1 in info) echo {version} ;; version) echo {api} ;; esac")
    run = play(machine, THE_VERSION)
    assert (run.code == 0) == goes_on, run.output
    assert said in run.output


def test_the_role_says_who_may_not_use_an_engine_that_runs(machine: Machine) -> None:
    machine.command("docker", "echo 'permission denied while trying to connect' >&2; exit 1")
    run = play(machine)
    assert run.code != 0
    assert "sudo usermod --append --groups docker" in run.output


def test_the_role_says_who_may_not_use_the_engine_that_it_started(machine: Machine) -> None:
    up = machine.folder / "up"
    machine.command("docker", f"[ -e {up} ] || {{ {MUTE}; }}; echo 'permission denied while connecting' >&2; exit 1")
    machine.command("dockerd", f"touch {up}")
    run = play(machine)
    assert run.code != 0
    assert "sudo usermod --append --groups docker" in run.output
    assert "did not answer within" not in run.output
