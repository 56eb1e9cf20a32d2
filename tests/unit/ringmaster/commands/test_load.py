from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tests.unit.ringmaster import documents
from tests.unit.ringmaster.conftest import Run
from tests.unit.ringmaster.control_port import ControlPort


def test_it_shows_measured_beside_expected(run: Run, port: ControlPort) -> None:
    port.own["GET", "/load"] = 200, documents.load()
    head, *rows = run("load").stdout.splitlines()
    assert head.split() == ["server", "req/s", "err/s", "in", "flight", "response", "requests", "measured", "expected"]
    assert rows[0].split()[:9] == ["S1", "12.5", "0.0", "2", "12.3", "ms", "5000", "34.0%", "33.3%"]
    assert rows[2].split()[7] == "-"
    assert rows[4].startswith("imbalance 1.02 since 2026-01-01")


def test_of_few_requests_no_imbalance_is_known(run: Run, port: ControlPort) -> None:
    port.own["GET", "/load"] = 200, documents.load(imbalance=None)
    assert "fewer than 100 requests were measured" in run("load").stdout


def test_as_json_it_is_the_answer_as_it_came(run: Run, port: ControlPort) -> None:
    port.own["GET", "/load"] = 200, documents.load()
    assert json.loads(run("load", "--json").stdout) == documents.load()


def test_an_older_balancer_has_none(run: Run, port: ControlPort) -> None:
    port.own["GET", "/load"] = 404, {"message": "<Error> /load does not exist here", "status": "failure"}
    result = run("load")
    assert result.exit_code == 3
    assert "this balancer has no /load: it is older than this command" in result.stderr


class Enough(Exception):
    pass


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between looks; the third one ends the test's command."""
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise Enough

    monkeypatch.setattr("ringmaster.watching.time", SimpleNamespace(sleep=sleep))
    return pauses


def test_watched_it_is_shown_again_and_again(run: Run, port: ControlPort, pauses: list[float]) -> None:
    away = (503, {"message": "<Error> The balancer is away", "status": "failure"})
    port.own["GET", "/load"] = [(200, documents.load()), away, (200, documents.load())]
    result = run("load", "--watch", "--interval", "1.5")
    assert isinstance(result.exception, Enough)
    assert pauses == [1.5] * 3
    assert result.stdout.count("imbalance 1.02") == 2
    assert "The balancer is away (503)" in result.stdout


@pytest.mark.usefixtures("pauses")
def test_watched_as_json_it_survives_a_balancer_that_is_away(run: Run, port: ControlPort) -> None:
    away = (503, {"message": "<Error> The balancer is away", "status": "failure"})
    port.own["GET", "/load"] = [(200, documents.load()), away, (200, documents.load())]
    result = run("load", "--watch", "--json")
    assert isinstance(result.exception, Enough)
    assert [json.loads(line) for line in result.stdout.splitlines()] == [documents.load()] * 2
    assert "The balancer is away (503)" in result.stderr
