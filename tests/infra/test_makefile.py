"""What `make` says by itself, and what it shows of a running system."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deployment import PROJECT
from tests.infra.make import MadeSystem, environment, make
from tests.polling import until

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]

MAKEFILE = (PROJECT / "Makefile").read_text()
README = (PROJECT / "README.md").read_text()


def test_make_alone_lists_every_target() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.MULTILINE))
    phony = set(" ".join(re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)).split())
    run = make()
    listed = dict(line.split(maxsplit=1) for line in run.output.splitlines())
    assert run.code == 0
    assert {"up", "down", "status", "logs", "test", "lint", "unit", "e2e", "fmt"} <= targets
    assert set(listed) == targets == phony
    assert all(listed.values())


def test_every_make_line_of_the_readme_is_a_target() -> None:
    said = set(re.findall(r"(?:^|`)make ([a-z0-9-]+)", README, re.MULTILINE))
    assert {"up", "down", "test"} <= said <= set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("target", ["up", "down", "verify", "status", "logs"])
def test_an_inventory_is_taken_where_it_is_said_and_not_from_the_environment(target: str) -> None:
    said = make("--dry-run", target, "INVENTORY=my-hosts.yml", "ROLE=edge").output
    assert "ansible-playbook --inventory my-hosts.yml infra/ansible/" in said
    assert "my-hosts.yml" not in make("--dry-run", target, INVENTORY="my-hosts.yml").output


@pytest.mark.parametrize("python", ["removed", "upgraded"])
def test_the_environment_is_made_anew_where_its_python_is_another_one(tmp_path: Path, python: str) -> None:
    for folder in ("requirements", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(PROJECT / "Makefile", tmp_path)
    shutil.copy(PROJECT / "requirements" / "deploy.txt", tmp_path / "requirements")
    stamp, link = tmp_path / ".venv" / "deploy.stamp", tmp_path / ".venv" / "bin" / "python"
    stamp.touch()
    link.symlink_to(sys.executable)
    assert "install.sh" not in dry_run(tmp_path)
    link.unlink()
    if python == "removed":
        link.symlink_to(tmp_path / "python3.0")
    else:
        link.write_text("#!/bin/sh\nexit 1\n")
        link.chmod(0o755)
    assert "requirements/install.sh requirements/deploy.txt" in dry_run(tmp_path)


def dry_run(folder: Path) -> str:
    done = subprocess.run(
        ["make", "--dry-run", "verify"], cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def test_all_parts_use_the_engine_that_docker_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the command docker knows contexts."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    docker = tmp_path / "docker"
    docker.write_text(
        '#!/bin/sh\n[ "$1 $2" = "context inspect" ] && echo unix:///desktop.sock || echo "asks $DOCKER_HOST."\n'
    )
    docker.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert "asks unix:///desktop.sock." in make("status", PATH=path, DOCKER_CONTEXT="desktop").output
    assert "asks unix:///mine.sock." in make("status", PATH=path, DOCKER_HOST="unix:///mine.sock").output


@pytest.mark.parametrize("target", ["swarm-up", "swarm-down"])
def test_the_playground_never_takes_the_place_of_another_deployment(target: str) -> None:
    lines = make("--dry-run", target, "DEPLOYMENT=shop").output.splitlines()
    played = [line for line in lines if "playground.yml" in line]
    assert len(played) == 1
    assert re.findall(r"ringmaster_deployment=(\S+)", played[0])[-1] == "playground"
    assert not any("shop" in line for line in lines if "rm -rf" in line)


def test_status_shows_each_container_with_its_role_and_ports(system: MadeSystem) -> None:
    run = make("status", f"DEPLOYMENT={system.deployment}")
    head, *rows = run.output.splitlines()
    assert run.code == 0
    assert head.split() == ["NAMES", "role", "STATUS", "PORTS"]
    shown = {row.split()[0]: row for row in rows}
    assert set(shown) == {container.name for container in system.containers.all}
    assert all(" Up " in row for row in rows)
    assert f"127.0.0.1:{system.public}->5000/tcp" in shown[f"{system.prefix}ringmaster-edge"]
    assert f"127.0.0.1:{system.control}->5001/tcp" in shown[f"{system.prefix}ringmaster-edge"]


def test_logs_follows_the_balancer(system: MadeSystem) -> None:
    with following(system) as seen:
        until(lambda: '"restored"' in seen(), "the log's past is shown", within=15)
        system.add(1, ["noticed-1"])
        system.rm(1, ["noticed-1"])
        until(lambda: "noticed-1" in seen(), "the log goes on", within=15)


def test_logs_follows_the_edge_where_that_is_asked(system: MadeSystem) -> None:
    with following(system, "ROLE=edge") as seen:
        until(lambda: "edge: starting HAProxy" in seen(), "the edge's log is shown", within=15)


@contextmanager
def following(system: MadeSystem, *words: str) -> Iterator[Callable[[], str]]:
    """`make logs` until the block ends; gives what it has printed so far."""
    with subprocess.Popen(
        ["make", "logs", f"DEPLOYMENT={system.deployment}", *words],
        cwd=PROJECT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        output = process.stdout
        assert output
        os.set_blocking(output.fileno(), False)
        printed: list[bytes] = []

        def seen() -> str:
            printed.append(output.read() or b"")
            return b"".join(printed).decode(errors="replace")

        try:
            yield seen
            assert process.poll() is None, "it ended by itself"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
