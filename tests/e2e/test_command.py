"""The command `ringmaster` against a real deployment, from the host and in the balancer's container."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from tests.containers import run_in
from tests.deployment import PROJECT
from tests.e2e.conftest import NOWHERE
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

WELL = {"reached", "token", "servers", "ready", "ring"}
"""What the doctor finds well in any deployment that is whole. The tests before may have left traces in the rest."""


def environment(system: System) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RINGMASTER_", "COLUMNS"))}
    sources = f"{PROJECT / 'apps' / 'balancer' / 'src'}"
    return kept | {"PYTHONPATH": sources, "RINGMASTER_URL": system.control_url, "HOME": "/nonexistent"}


def ringmaster(system: System, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """What the command printed. It fails where the exit code is another."""
    done = subprocess.run(
        [sys.executable, "-m", "ringmaster", *words],
        env=environment(system),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@contextmanager
def following(system: System, *words: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "ringmaster", *words],
        env=environment(system),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_status_and_explain_say_what_the_api_says(system: System) -> None:
    shown = ringmaster(system, "status").stdout
    assert shown.startswith("ready  3 of 3 servers")
    assert all(hostname in shown for hostname in system.replicas)
    seen = json.loads(ringmaster(system, "status", "--json").stdout)
    assert seen["ring"]["digest"] == system.ring().document["digest"]
    assert json.loads(ringmaster(system, "explain", "a+b &é", "--json").stdout) == system.lookup("a+b &é").document


def test_servers_come_get_a_weight_and_go(system: System) -> None:
    before = system.replicas
    assert ringmaster(system, "add", "--hostname", "asked-1").stdout == f"4 servers: {' '.join(before)} asked-1\n"
    assert ringmaster(system, "weight", "asked-1", "2").stdout.startswith("asked-1 has weight 2: ")
    refused = ringmaster(system, "rm", "--hostname", "asked-1", code=2)
    assert "write ringmaster" in refused.stderr
    assert ringmaster(system, "rm", "--hostname", "asked-1", "--yes").stdout == f"3 servers: {' '.join(before)}\n"
    assert '"asked-1"' in ringmaster(system, "weight", "asked-1", "1", code=3).stderr


def test_the_ring_is_tried_drawn_and_switched(system: System) -> None:
    before = system.ring().document
    assert "moves " in ringmaster(system, "ring", "preview", "--strategy", "course").stdout
    assert system.ring().document["digest"] == before["digest"]
    assert "course" in ringmaster(system, "ring", "set", "--strategy", "course").stdout
    try:
        drawn = ringmaster(system, "ring", "draw").stdout
        assert "512 slots" in drawn
        for letter, server in zip("ABC", system.ring().document["servers"], strict=True):
            assert letter in drawn.upper()
            assert f"{server['slots']} slots" in drawn
            assert f"{server['share']:.1%}" in drawn
    finally:
        ringmaster(system, "ring", "set", "--strategy", "table")
    assert system.ring().document["profile"] == before["profile"]


def test_another_ring_is_drawn_beside_the_present_one(system: System) -> None:
    first = ringmaster(system, "ring", "draw", "--what-if", "strategy=course").stdout.splitlines()[0]
    assert "now  table" in first
    assert "then  course" in first


def test_a_deploy_is_followed_to_its_end(system: System) -> None:
    done = ringmaster(system, "deploy", "--env", "E2E_MARK=by-the-command")
    assert done.stdout.endswith("the latest deploy: done\n")
    assert "rolling, 1 server to go" in done.stderr
    environments = [system.containers.environment(server) for server in system.containers.servers.values()]
    assert {one.get("E2E_MARK") for one in environments} == {"by-the-command"}


def test_one_that_goes_back_ends_with_1_and_the_reason(system: System) -> None:
    back = ringmaster(system, "deploy", f"{NOWHERE}/nothing:1", code=1)
    assert "the deploy is rolled back: " in back.stderr
    assert f"{NOWHERE}/nothing:1" in back.stderr


def test_a_roll_goes_back_on_command(system: System) -> None:
    ringmaster(system, "deploy", "--env", "E2E_MARK=unwanted", "--no-wait")
    until(lambda: system.stage == "rolling", "the roll has begun", within=30)
    assert "rolled back" in ringmaster(system, "rollback").stdout
    assert "(409)" in ringmaster(system, "rollback", code=3).stderr


def test_events_are_followed_until_ctrl_c(system: System) -> None:
    last = system.operate("GET", "/events?limit=1").document["next"]
    with following(system, "events", "-f", "--json", "--kind", "weight", "--since", str(last)) as process:
        for weight in (2, 1):
            assert system.weigh(system.replicas[0], weight).status == 200
        assert process.stdout
        seen = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert [event["facts"]["weight"] for event in seen] == [2, 1]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130


def test_the_doctor_finds_a_whole_deployment_well(system: System) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ringmaster", "doctor", "--json"],
        env=environment(system),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    document = json.loads(done.stdout)
    assert document["well"] == (done.returncode == 0)
    assert {finding["what"] for finding in document["findings"] if finding["verdict"] == "well"} >= WELL


def test_in_the_balancers_container_it_finds_the_balancer_by_itself(system: System) -> None:
    balancer = system.containers.balancer
    document = json.loads(run_in(balancer, "ringmaster", "status", "--json"))
    assert document["health"]["replicas"] == system.replicas
    assert "owns it and serves" in run_in(balancer, "ringmaster", "explain", "alice")
    assert run_in(balancer, "id", "-u").strip() == "10001"
