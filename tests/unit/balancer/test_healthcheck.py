"""The containers' own health checks."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import keeper.healthcheck
from balancer import healthcheck

PROJECT = Path(__file__).parents[3]
SWARM = PROJECT / "infra/terraform/modules/ringmaster/modules/swarm"


@contextmanager
def answering(path: Path, status: int) -> Iterator[list[bytes]]:
    """A balancer that answers so on its health socket; the request lines that came."""
    came: list[bytes] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            came.append(self.rfile.readline())
            self.wfile.write(b'HTTP/1.1 %d X\r\nContent-Length: 15\r\n\r\n{"ready":false}' % status)

    with socketserver.UnixStreamServer(str(path), Handler) as server:
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        yield came
        thread.join()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "health.sock"
    monkeypatch.setattr(healthcheck, "HEALTH_SOCKET", str(path))
    return path


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (401, 1), (404, 1), (500, 1)])
def test_only_a_200_of_readyz_is_healthy(
    path: Path, capsys: pytest.CaptureFixture[str], status: int, code: int
) -> None:
    with answering(path, status) as came:
        assert healthcheck.main() == code
    assert came == [b"GET /readyz HTTP/1.1\r\n"]
    assert capsys.readouterr().out == '{"ready":false}\n'


def test_another_path_is_asked_where_it_is_named(path: Path) -> None:
    with answering(path, 200) as came:
        assert healthcheck.main("/healthz") == 0
    assert came == [b"GET /healthz HTTP/1.1\r\n"]


def test_a_balancer_that_does_not_listen_is_not_healthy(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert healthcheck.main() == 1
    assert "No such file" in capsys.readouterr().out
    with answering(path, 200):
        healthcheck.main()
    assert healthcheck.main() == 1
    assert "refused" in capsys.readouterr().out


def swarms_patience(role: str) -> int:
    (seconds,) = re.findall(r'^ +timeout += "(\d+)s"$', (SWARM / f"{role}.tf").read_text(), re.MULTILINE)
    return int(seconds)


def test_on_a_swarm_a_late_answer_counts_for_most_of_the_time_that_swarm_gives() -> None:
    """A check that gives up earlier is as bad as a shorter time: Swarm kills what it says of."""
    dockerfile = (PROJECT / "apps/balancer/edge.Dockerfile").read_text()
    (given, patience) = re.findall(r"--timeout=(\d+)s .*\n.* HEALTHCHECK_SECONDS=(\d+) healthcheck ", dockerfile)[0]
    patiences = {
        "balancer": (healthcheck.PATIENCE, swarms_patience("balancer")),
        "keeper": (keeper.healthcheck.PATIENCE, swarms_patience("keeper")),
        "edge": (float(patience), int(given)),
    }
    assert {role for role, (patience, given) in patiences.items() if not given * 0.7 < patience < given} == set()
