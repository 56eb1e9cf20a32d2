from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from tests.unit.balancer.in_memory import InMemoryBalancer, control_app
from tests.unit.ringmaster import documents
from tests.unit.ringmaster.conftest import Run
from tests.unit.ringmaster.control_port import ControlPort

TOKEN = "the~token"


def test_all_is_well(run: Run, port: ControlPort) -> None:
    port.own["GET", "/load"] = 200, documents.load()
    result = run("doctor")
    assert (result.exit_code, result.stderr) == (0, "")
    assert {line.split()[0] for line in result.stdout.splitlines()} == {"well"}
    looked_at = [line.split()[1] for line in result.stdout.splitlines()]
    assert looked_at == [
        "reached",
        "token",
        "servers",
        "ready",
        "failures",
        "ring",
        "deploy",
        "shares",
        "balance",
        "clock",
    ]


def test_as_json_it_is_what_was_found(run: Run, port: ControlPort) -> None:
    port.own["GET", "/load"] = 200, documents.load()
    document = json.loads(run("doctor", "--json").stdout)
    assert document["well"] is True
    assert document["findings"][0] == {"what": "reached", "verdict": "well", "detail": port.url, "remedy": ""}


def test_what_ails_is_told_with_the_balancers_remedy(run: Run, port: ControlPort) -> None:
    port.own["GET", "/readyz"] = (
        503,
        documents.health(
            ready=False, N=2, ailments={"engine": "away", "ring": "odd"}, remedies={"engine": "docker info"}
        ),
    )
    result = run("doctor")
    assert result.exit_code == 1
    assert result.stderr == "ringmaster: 3 things are wrong\n"
    lines = [line.split(maxsplit=2) for line in result.stdout.splitlines()]
    assert ["wrong", "servers", "2 of 3 serve"] in lines
    assert ["wrong", "engine", "away"] in lines
    assert ["→", "docker", "info"] in lines
    assert ["wrong", "ring", "odd"] in lines


def test_nobody_there_is_the_only_finding(run: Run) -> None:
    result = run("doctor", RINGMASTER_URL="http://127.0.0.1:1")
    assert result.exit_code == 1
    first, remedy = result.stdout.splitlines()
    assert first.startswith("wrong reached      nobody answers at http://127.0.0.1:1 (Connection refused)")
    assert "make up" in remedy


def test_a_balancer_that_is_away_behind_its_edge(run: Run, port: ControlPort) -> None:
    port.own["GET", "/readyz"] = 503, {"message": "<Error> The balancer is away", "status": "failure"}
    result = run("doctor")
    assert result.exit_code == 1
    assert "The balancer is away (503)" in result.stdout
    assert "make logs ROLE=balancer" in result.stdout


def test_a_token_that_is_missing_wrong_or_right(run: Run, balancer: InMemoryBalancer) -> None:
    app = control_app(balancer, token_sha256=sha256(TOKEN.encode()).hexdigest())
    with ControlPort(app) as port:
        for wrong in (None, "another~token"):
            result = run("doctor", RINGMASTER_URL=port.url, RINGMASTER_TOKEN=wrong)
            assert result.exit_code == 1
            assert "wrong token" in result.stdout
            assert "--token-file FILE" in result.stdout
        right = run("doctor", RINGMASTER_URL=port.url, RINGMASTER_TOKEN=TOKEN)
        assert (right.exit_code, TOKEN in right.output) == (0, False)


def test_a_token_that_may_only_read_is_noted(run: Run, port: ControlPort) -> None:
    port.own["GET", "/whoami"] = 200, {"name": "screen", "role": "read", "token_wanted": True}
    assert "note  token        screen may only read" in run("doctor").stdout


def test_a_caller_who_may_not_ask_is_told_where_that_is_written(run: Run, port: ControlPort) -> None:
    port.own["GET", "/readyz"] = 403, {"message": "<Error> not from there", "status": "failure"}
    result = run("doctor")
    assert "wrong allowed      not from there (403)" in result.stdout
    assert "docs/operations.md" in result.stdout


def test_the_course_ring_is_noted_as_lopsided(run: Run) -> None:
    run("ring", "set", "--strategy", "course")
    result = run("doctor")
    assert "S1 gets 2.53 times what its weight says" in result.stdout
    assert result.exit_code == 0


def test_no_finding_names_the_token_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    assert TOKEN not in run("doctor", "--token-file", str(file)).output


def test_the_edges_of_several_hosts_are_looked_at(run: Run, port: ControlPort) -> None:
    port.own["GET", "/edges"] = 200, documents.edges("w1", "w2")
    assert "well  edges        all 2 are heard of and obey" in run("doctor").stdout
    port.own["GET", "/edges"] = 200, documents.edges("w1", "w2", leased=False, silent_for=41.2)
    result = run("doctor")
    assert result.exit_code == 1
    assert "wrong edges        the one on w2 is lost: nothing was heard of it for 41 s" in result.stdout
    assert "docker node ls" in result.stdout


def test_an_edge_that_ails_is_told_once(run: Run, port: ControlPort) -> None:
    port.own["GET", "/edges"] = 200, documents.edges("w1", "w2", leased=False)
    port.own["GET", "/readyz"] = 200, documents.health(ailments={"edges": "the edge on w2 is lost"})
    assert run("doctor").stdout.count("w2") == 1


def test_an_older_balancer_tells_of_no_edges(run: Run, port: ControlPort) -> None:
    port.own["GET", "/edges"] = 404, {"message": "<Error> /edges does not exist here", "status": "failure"}
    result = run("doctor")
    assert (result.exit_code, "edges" in result.stdout) == (0, False)
