from __future__ import annotations

import json

from tests.unit.ringmaster import documents
from tests.unit.ringmaster.conftest import Run
from tests.unit.ringmaster.control_port import ControlPort


def test_on_one_host_it_says_so(run: Run) -> None:
    result = run("edges")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "there is one host" in result.stdout


def test_every_edge_is_a_line(run: Run, port: ControlPort) -> None:
    port.own["GET", "/edges"] = 200, documents.edges("w1", "w2", in_step=False, problem="haproxy: no such file")
    head, first, second = run("edges").stdout.splitlines()
    assert head.split() == ["node", "edge", "ring", "last", "heard", "of", "problem"]
    assert first.split() == ["w1", "serving", "in", "step", "0.2", "s", "ago"]
    assert second.split() == ["w2", "serving", "out", "of", "step", "0.2", "s", "ago", "haproxy:", "no", "such", "file"]


def test_a_lost_edge_and_one_that_does_not_serve(run: Run, port: ControlPort) -> None:
    port.own["GET", "/edges"] = 200, documents.edges("w1", leased=False, silent_for=63.0)
    assert run("edges").stdout.splitlines()[1].split() == ["w1", "lost", "-", "63.0", "s", "ago"]
    port.own["GET", "/edges"] = 200, documents.edges("w1", serving=False)
    assert run("edges").stdout.splitlines()[1].split()[:3] == ["w1", "not", "serving"]


def test_as_json_it_is_the_answer_as_it_came(run: Run, port: ControlPort) -> None:
    port.own["GET", "/edges"] = 200, documents.edges("w1", "w2")
    assert json.loads(run("edges", "--json").stdout) == documents.edges("w1", "w2")


def test_what_an_agent_says_does_not_steer_the_terminal(run: Run, port: ControlPort) -> None:
    port.own["GET", "/edges"] = 200, documents.edges("w1", problem="\x1b[31mred")
    assert r"\x1b[31mred" in run("edges").stdout
