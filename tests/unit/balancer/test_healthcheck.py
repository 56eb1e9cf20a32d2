"""The container's own health check."""

from __future__ import annotations

import pytest

from balancer import healthcheck
from tests.fakes.web_server import WebServer


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (401, 1), (404, 1), (500, 1)])
def test_only_a_200_of_readyz_is_healthy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: int, code: int
) -> None:
    with WebServer(lambda exchange: exchange.reply(status, b'{"ready":false}')) as server:
        monkeypatch.setattr(healthcheck, "CONTROL_PORT", int(server.address.rpartition(":")[2]))
        assert healthcheck.main() == code
    assert [request.target for request in server.received] == ["/readyz"]
    assert capsys.readouterr().out == '{"ready":false}\n'


def test_a_balancer_that_does_not_answer_is_not_healthy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with WebServer(lambda exchange: exchange.break_off()) as server:
        monkeypatch.setattr(healthcheck, "CONTROL_PORT", int(server.address.rpartition(":")[2]))
    assert healthcheck.main() == 1
    assert "refused" in capsys.readouterr().out
