"""`add`, `rm` and `weight`."""

from __future__ import annotations

import json

import pytest

from tests.unit.balancer.in_memory import InMemoryBalancer
from tests.unit.ringmaster.conftest import Run
from tests.unit.ringmaster.control_port import ControlPort


def test_one_server_is_added_where_nothing_else_is_said(run: Run, port: ControlPort) -> None:
    result = run("add")
    assert (result.exit_code, result.stderr) == (0, "")
    assert port.changes() == [("POST", "/add", {"n": 1, "hostnames": []})]
    assert result.stdout.startswith("4 servers: S1 S2 S3 ")


def test_as_many_are_added_as_have_names(run: Run, port: ControlPort) -> None:
    result = run("add", "--hostname", "S4", "--hostname", "S5", "--weight", "2")
    assert result.stdout == "5 servers: S1 S2 S3 S4 S5\n"
    assert port.changes() == [("POST", "/add", {"n": 2, "hostnames": ["S4", "S5"], "weight": 2})]


def test_added_as_json_is_the_answer_as_it_came(run: Run) -> None:
    result = run("add", "--hostname", "S4", "--json")
    assert result.stdout == '{"message":{"N":4,"replicas":["S1","S2","S3","S4"]},"status":"successful"}\n'


def test_what_the_balancer_refuses_is_told_with_its_reason(run: Run, balancer: InMemoryBalancer) -> None:
    result = run("add", "--hostname", "S1")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "S1" in result.stderr
    assert "<Error>" not in result.stderr
    assert balancer.replicas == ("S1", "S2", "S3")


def test_removing_without_anybody_to_ask_is_refused_with_what_to_write(run: Run, balancer: InMemoryBalancer) -> None:
    result = run("rm", "--hostname", "S2")
    assert result.exit_code == 2
    assert "write ringmaster rm --hostname S2 --yes" in result.stderr
    assert balancer.replicas == ("S1", "S2", "S3")


def test_with_yes_it_is_removed(run: Run, port: ControlPort) -> None:
    result = run("rm", "--hostname", "S2", "--yes")
    assert (result.exit_code, result.stdout) == (0, "2 servers: S1 S3\n")
    assert port.changes() == [("DELETE", "/rm", {"n": 1, "hostnames": ["S2"]})]


@pytest.mark.parametrize("words", [["rm"], ["rm", "0"], ["rm", "many"], ["add", "0"]])
def test_no_number_of_servers_asks_nothing_of_the_balancer(run: Run, port: ControlPort, words: list[str]) -> None:
    assert run(*words).exit_code == 2
    assert port.asked == []


def test_a_weight_is_given(run: Run, port: ControlPort) -> None:
    result = run("weight", "S1", "3")
    assert result.exit_code == 0
    assert result.stdout == "S1 has weight 3: 307 slots, 60.0%\n"
    assert port.changes() == [("PATCH", "/servers/S1", {"weight": 3})]
    assert json.loads(run("weight", "S1", "1", "--json").stdout)["weight"] == 1


def test_no_weight_at_all_is_asked_about(run: Run) -> None:
    assert "write ringmaster weight S1 0 --yes" in run("weight", "S1", "0").stderr
    assert run("weight", "S1", "0", "--yes").stdout == "S1 has weight 0: 0 slots, 0.0%\n"


def test_an_unknown_server_has_no_weight(run: Run) -> None:
    result = run("weight", "S9", "1")
    assert result.exit_code == 3
    assert '"S9"' in result.stderr
