"""Ten thousand requests with real concurrency: every one answered, every server its share."""

from __future__ import annotations

import subprocess
import sys

import pytest

from loadtests import smoke
from loadtests.experiments import judge
from tests.deployment import PROJECT, free_ports
from tests.e2e.conftest import SMOKE_REQUESTS, Measured, only_haproxy
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]


def test_requests_follow_the_slot_table(system: System, plane: str, measured: Measured) -> None:
    run = smoke.measure(system, requests=SMOKE_REQUESTS[plane])
    measured(str(run))
    assert judge.of_run(run, asked=SMOKE_REQUESTS[plane]) == []


def smoke_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "loadtests/smoke.py", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


@only_haproxy
def test_the_command_measures_the_deployment_that_it_is_told(system: System) -> None:
    done = smoke_command("--url", system.url, "--control-url", system.control_url, "--requests", "500")
    assert done.returncode == 0, done.stderr
    assert "500 requests, table with crc32" in done.stdout
    assert "as expected" in done.stdout
    assert all(name in done.stdout for name in system.replicas)


def test_the_command_says_what_to_do_where_nothing_runs() -> None:
    (port,) = free_ports(1)
    done = smoke_command("--url", f"http://127.0.0.1:{port}")
    assert done.returncode == 2
    assert f"no deployment publishes http://127.0.0.1:{port}: bring one up with `make up`" in done.stderr


def test_a_balanced_table_gives_every_server_the_same(system: System) -> None:
    shares = smoke.expected_shares(system.slot_map, system.fleet.profile.request_hash)
    assert max(shares.values()) / (sum(shares.values()) / len(shares)) < 1.01
