"""`deploy` and `rollback`, followed to the end. What a deploy does is tested elsewhere; here its stages are told."""

from __future__ import annotations

import json

import pytest

from ringmaster import rollouts
from tests.unit.balancer.in_memory import InMemoryBalancer
from tests.unit.ringmaster.conftest import Run
from tests.unit.ringmaster.control_port import ControlPort
from tests.unit.ringmaster.documents import deployed

PULL = {"layers": 3, "layers_done": 1, "bytes": 2 << 20, "bytes_done": 1 << 20, "seconds": 4.2}


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollouts, "_LOOK", 0)


def test_a_deploy_is_followed_to_its_end(run: Run, port: ControlPort) -> None:
    port.own["POST", "/deploy"] = 202, deployed("pulling")
    port.own["GET", "/deploy"] = [
        (200, deployed("pulling", pulling=PULL)),
        (200, deployed("rolling", left=2)),
        (200, deployed("rolling", left=2)),
        (200, deployed("rolling", left=1)),
        (200, deployed("done")),
    ]
    result = run("deploy", "app:2", "--env", "MODE=a=b", "--memory", "256m", "--cpus", "0.5", "--set", "pids=64")
    assert result.exit_code == 0
    wish = {"image": "app:2", "environment": {"MODE": "a=b"}, "memory": "256m", "cpus": 0.5, "pids": 64}
    assert port.changes() == [("POST", "/deploy", wish)]
    assert result.stdout == "release 2, app:1; the latest deploy: done\n"
    assert result.stderr.splitlines() == [
        "pulling app:2, 1 of 3 layers, 1.0 MB of 2.0 MB, 4 s",
        "rolling, 2 servers to go",
        "rolling, 1 server to go",
    ]


@pytest.mark.parametrize("stage", ["rolled back", "stuck"])
def test_one_that_does_not_go_through_ends_with_1_and_its_reason(run: Run, port: ControlPort, stage: str) -> None:
    port.own["POST", "/deploy"] = 202, deployed("pulling")
    port.own["GET", "/deploy"] = [(200, deployed("rolling back", left=1)), (200, deployed(stage, reason="it died"))]
    result = run("deploy", "app:2")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == f"ringmaster: the deploy is {stage}: it died"


def test_as_json_it_is_the_last_answer_as_it_came(run: Run, port: ControlPort) -> None:
    port.own["POST", "/deploy"] = 202, deployed("pulling")
    port.own["GET", "/deploy"] = [(200, deployed("rolling")), (200, deployed("done"))]
    result = run("deploy", "app:2", "--json")
    assert json.loads(result.stdout) == deployed("done")
    assert result.exit_code == 0


def test_a_reason_does_not_steer_the_terminal(run: Run, port: ControlPort) -> None:
    port.own["POST", "/deploy"] = 202, deployed("pulling")
    evil = deployed("rolling back", reason="\x1b[2J[red]x")
    port.own["GET", "/deploy"] = [(200, evil), (200, deployed("rolled back", reason="\x1b[2J[red]x"))]
    result = run("deploy", "app:2")
    assert "\x1b" not in result.output
    assert r"\x1b[2J[red]x" in result.stdout
    assert r"\x1b[2J[red]x" in result.stderr


def test_the_balancer_may_be_away_meanwhile(run: Run, port: ControlPort) -> None:
    away = {"message": "<Error> The balancer is away", "status": "failure"}
    port.own["POST", "/deploy"] = 202, deployed("pulling")
    port.own["GET", "/deploy"] = [(503, away), (200, deployed("done"))]
    result = run("deploy", "app:2")
    assert result.exit_code == 0
    assert result.stderr == "waiting: The balancer is away (503)\n"


def test_a_balancer_that_stays_away_is_given_up(run: Run, port: ControlPort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollouts, "_PATIENCE", -1.0)
    port.own["POST", "/deploy"] = 202, deployed("pulling")
    port.own["GET", "/deploy"] = 503, {"message": "<Error> The balancer is away", "status": "failure"}
    result = run("deploy", "app:2")
    assert result.exit_code == 4
    assert result.stderr.endswith("ringmaster: The balancer is away (503)\n")


def test_without_waiting_it_ends_when_the_wish_is_saved(run: Run, balancer: InMemoryBalancer) -> None:
    result = run("deploy", "other", "--no-wait")
    assert (result.exit_code, result.stdout) == (0, "release 1, app; the latest deploy: pulling\n")
    assert balancer.desired.fleet.deploy is not None


def test_a_deploy_of_nothing_named_is_asked_about(run: Run, port: ControlPort) -> None:
    result = run("deploy")
    assert result.exit_code == 2
    assert "write ringmaster deploy --yes" in result.stderr
    assert port.asked == []
    assert run("deploy", "--yes", "--no-wait").exit_code == 0
    assert port.changes() == [("POST", "/deploy", {})]


def test_a_second_deploy_is_refused(run: Run) -> None:
    run("deploy", "other", "--no-wait")
    result = run("deploy", "third")
    assert result.exit_code == 3
    assert "(409)" in result.stderr


@pytest.mark.parametrize(
    "words", [["--env", "MODE"], ["--env", "=x"], ["--set", "pids"], ["--env", "A=1", "--env", "A=2"]]
)
def test_what_is_no_name_and_value_is_a_matter_of_usage(run: Run, port: ControlPort, words: list[str]) -> None:
    assert run("deploy", *words).exit_code == 2
    assert port.asked == []


def test_rollback_is_followed_to_the_old_release(run: Run, port: ControlPort) -> None:
    port.own["DELETE", "/deploy"] = 202, deployed("rolling back", left=2)
    port.own["GET", "/deploy"] = [(200, deployed("rolling back", left=2)), (200, deployed("rolled back"))]
    result = run("rollback")
    assert result.exit_code == 0
    assert result.stderr == "rolling back, 2 servers to go\n"


def test_a_rollback_that_does_not_succeed_ends_with_1(run: Run, port: ControlPort) -> None:
    port.own["DELETE", "/deploy"] = 202, deployed("rolling back")
    port.own["GET", "/deploy"] = 200, deployed("stuck", reason="it died")
    result = run("rollback")
    assert result.exit_code == 1
    assert "the deploy is stuck: it died" in result.stderr


def test_without_a_deploy_there_is_nothing_to_go_back_from(run: Run) -> None:
    result = run("rollback")
    assert result.exit_code == 3
    assert "no deploy is on its way" in result.stderr


def test_rollback_as_json_without_waiting(run: Run) -> None:
    run("deploy", "other", "--no-wait")
    assert json.loads(run("rollback", "--no-wait", "--json").stdout)["deploy"]["stage"] == "rolled back"
