from __future__ import annotations

import json

import pytest

from tests.unit.balancer.in_memory import InMemoryBalancer
from tests.unit.ringmaster import documents
from tests.unit.ringmaster.conftest import Run
from tests.unit.ringmaster.control_port import ControlPort


@pytest.fixture(autouse=True)
def _without_load(port: ControlPort) -> None:
    """The balancer is older, unless a test says otherwise."""
    port.own["GET", "/load"] = 404, {"message": "<Error> /load does not exist here", "status": "failure"}


def test_it_shows_every_server_with_its_share(run: Run) -> None:
    result = run("status")
    first, _, head, *rows = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (0, "")
    assert first == "ready  3 of 3 servers, ring version 2, in step"
    assert head.split() == ["server", "state", "release", "weight", "slots", "share"]
    assert [row.split()[:6] for row in rows[:3]] == [
        ["S1", "serving", "1", "1", "171", "33.4%"],
        ["S2", "serving", "1", "1", "170", "33.3%"],
        ["S3", "serving", "1", "1", "171", "33.3%"],
    ]
    assert rows[4] == "ring    table (slots=512, request_hash=crc32, key=random)"
    assert rows[5] == "deploy  release 1, app"


def test_it_shows_the_load_where_the_balancer_tells_it(run: Run, port: ControlPort) -> None:
    port.own["GET", "/load"] = 200, documents.load()
    rows = run("status").stdout.splitlines()
    assert rows[2].split()[6:] == ["measured", "req/s", "err/s", "in", "flight", "response"]
    assert rows[3].split()[6:12] == ["34.0%", "12.5", "0.0", "2", "12.3", "ms"]
    assert rows[5].split()[6] == "-"


def test_it_shows_what_ails_with_what_mends_it(run: Run, port: ControlPort) -> None:
    port.own["GET", "/readyz"] = (
        503,
        documents.health(ready=False, N=2, ailments={"engine": "it is away"}, remedies={"engine": "docker info"}),
    )
    result = run("status")
    assert result.exit_code == 0
    assert result.stdout.startswith("not ready  2 of 3 servers")
    assert result.stdout.endswith("engine: it is away\n  → docker info\n")


def test_silent_servers_are_counted(run: Run, port: ControlPort) -> None:
    port.own["GET", "/readyz"] = 200, documents.health(silent=["S2"])
    assert run("status").stdout.startswith("ready  3 of 3 servers, 1 silent,")


def test_as_json_it_is_the_four_documents_as_they_came(run: Run, port: ControlPort) -> None:
    document = json.loads(run("status", "--json").stdout)
    assert list(document) == ["health", "ring", "deploy", "load"]
    assert document["health"]["N"] == 3
    assert document["load"] is None
    port.own["GET", "/load"] = 200, documents.load()
    assert json.loads(run("status", "--json").stdout)["load"] == documents.load()


def test_a_servers_words_do_not_steer_the_terminal(run: Run, port: ControlPort) -> None:
    evil = {"engine": "\x1b[31m[bold]red[/bold]\x07"}
    port.own["GET", "/readyz"] = 503, documents.health(ready=False, ailments=evil)
    assert r"engine: \x1b[31m[bold]red[/bold]\x07" in run("status").stdout


def test_a_deploy_that_went_back_is_told(run: Run, balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin({"image": "other"})
    balancer.rollout.cancel()
    assert "the latest deploy: rolled back: a user wants the old release again" in run("status").stdout


def test_where_there_are_several_hosts_every_server_has_its_node(run: Run, balancer: InMemoryBalancer) -> None:
    balancer.runtime.place("S1", "w1")
    balancer.runtime.place("S2", "w2")
    balancer.step()
    _, _, head, *rows = run("status").stdout.splitlines()
    assert head.split()[:3] == ["server", "state", "node"]
    assert [row.split()[:3] for row in rows[:3]] == [
        ["S1", "serving", "w1"],
        ["S2", "serving", "w2"],
        ["S3", "serving", "-"],
    ]
