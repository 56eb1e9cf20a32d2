from __future__ import annotations

import json

import pytest

from ringmaster.place import OF_THE_SOCKET, Place
from tests.unit.ringmaster.conftest import Run
from tests.unit.ringmaster.control_port import ControlPort


def test_without_a_token_it_is_the_plain_url(run: Run, port: ControlPort) -> None:
    result = run("ui")
    assert (result.exit_code, result.stdout) == (0, f"{port.url}/\n")
    assert port.asked == []


def test_with_a_token_it_is_a_link_for_once(run: Run, port: ControlPort) -> None:
    port.own["POST", "/sessions/links"] = 201, {"code": "once-only", "expires": 60}
    result = run("ui", RINGMASTER_TOKEN="secret~token")
    assert result.stdout == f"{port.url}/#code=once-only\n"
    assert port.asked[0].headers["authorization"] == "Bearer secret~token"
    assert "secret~token" not in result.output
    assert json.loads(run("ui", "--json", RINGMASTER_TOKEN="secret~token").stdout)["expires"] == 60


def test_an_older_balancer_has_no_links(run: Run, port: ControlPort) -> None:
    port.own["POST", "/sessions/links"] = 404, {"message": "<Error> /sessions/links does not exist here"}
    result = run("ui", RINGMASTER_TOKEN="secret~token")
    assert result.exit_code == 3
    assert "this balancer has no /sessions/links" in result.stderr


def test_in_the_balancers_container_it_is_where_the_port_is_usually_published(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_container = Place(url=OF_THE_SOCKET, socket="/run/ringmaster/control.sock")
    monkeypatch.setattr("ringmaster.invocation.find", lambda *_: in_container)
    result = run("ui")
    assert result.stdout == "http://127.0.0.1:5001/\n"
    assert "may be another address" in result.stderr


def test_it_is_opened_where_that_is_asked(run: Run, port: ControlPort, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("click.launch", lambda url: opened.append(url) or 1)
    result = run("ui", "--open")
    assert opened == [f"{port.url}/"]
    assert "open the link yourself" in result.stderr
