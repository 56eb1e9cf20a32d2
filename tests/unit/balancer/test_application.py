"""The application of all listeners: who a client is, and what an answer without an end can ask."""

from __future__ import annotations

import types
from typing import Any

import pytest

from balancer.application import Application
from balancer.core.trusted_proxies import TrustedProxies
from balancer.http.event_stream import STOPPING
from balancer.http.guard import CLIENT
from tests.unit.balancer.sockets import CONTROL, EDGE, EDGE_CONTROL, HEALTH, PUBLIC, Socket


@pytest.mark.parametrize(
    ("came_in_on", "peer", "headers", "client"),
    [
        (EDGE, "", {"X-Ringmaster-Client": "10.1.1.1", "X-Forwarded-For": "9.9.9.9"}, "10.1.1.1"),
        (EDGE_CONTROL, "", {"X-Ringmaster-Client": "10.1.1.1"}, "10.1.1.1"),
        (EDGE, "", {}, ""),
        (HEALTH, "", {"X-Ringmaster-Client": "10.1.1.1"}, ""),
        (PUBLIC, "10.2.2.2", {"X-Ringmaster-Client": "10.1.1.1", "X-Forwarded-For": "9.9.9.9"}, "10.2.2.2"),
        (CONTROL, "10.2.2.2", {"X-Ringmaster-Client": "10.1.1.1"}, "10.2.2.2"),
        (CONTROL, "172.16.0.9", {"X-Forwarded-For": "8.8.8.8, 9.9.9.9"}, "9.9.9.9"),
    ],
)
def test_the_client_is_who_the_edge_says_it_is_or_the_peer(
    came_in_on: Socket, peer: str, headers: dict[str, str], client: str
) -> None:
    """Behind a trusted proxy it is whom the proxy names."""
    seen: list[str] = []

    def note(environ: dict[str, Any], _start_response: object) -> list[bytes]:
        seen.append(environ[CLIENT])
        return []

    loops = types.SimpleNamespace(start=lambda: None, stop=lambda: None)
    names = (5000, 5001, "balancer.sock", "control.sock", "health.sock")
    listening = dict.fromkeys(names, note)
    balancer: Any = Application(listening, proxies=TrustedProxies(["172.16.0.0/12"]), loops=loops)  # type: ignore[arg-type]
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    balancer({"gunicorn.socket": came_in_on, "REMOTE_ADDR": peer, **environ}, None)
    assert seen == [client]


def test_answers_without_an_end_can_ask_whether_the_process_stops() -> None:
    asked: list[bool] = []

    def control(environ: dict[str, Any], _start_response: object) -> list[bytes]:
        asked.append(environ[STOPPING]())
        return []

    loops = types.SimpleNamespace(start=lambda: None, stop=lambda: None)
    balancer: Any = Application({5001: control}, proxies=TrustedProxies(), loops=loops)  # type: ignore[arg-type,dict-item]
    balancer({"gunicorn.socket": CONTROL}, None)
    balancer.start(stopping=lambda: True)
    balancer({"gunicorn.socket": CONTROL}, None)
    assert asked == [False, True]
