"""Every endpoint once, right and wrong, with the answer that it should give."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.http_client import ask
from tests.system import System


@dataclass(frozen=True, slots=True)
class Call:
    """`status` as it was answered, 0 where nothing came; `expected` by the specification."""

    side: str
    request: str
    expected: int
    status: int
    milliseconds: float
    answer: str

    @property
    def is_as_expected(self) -> bool:
        return self.status == self.expected


def every_endpoint(system: System, known: str) -> Iterator[Call]:
    """`known`: a path that the servers know. E1 and E2 come and go; in the end the fleet is as before."""
    first = system.replicas[0]
    profile = system.ring().document["profile"]
    two = {"n": 2, "hostnames": ["E1", "E2"]}
    public: list[tuple[str, str, Any, int]] = [
        ("GET", known, None, 200),
        ("GET", system.settings.heartbeat_path, None, 200),
        ("GET", "/rep", None, 200),
        ("POST", "/add", two, 200),
        ("POST", "/add", two, 400),
        ("POST", "/add", {"n": 1, "hostnames": ["E3", "E4"]}, 400),
        ("POST", "/add", {"n": 0}, 400),
        ("DELETE", "/rm", {"n": 1, "hostnames": ["E1"]}, 200),
        ("DELETE", "/rm", {"n": 1, "hostnames": ["E1"]}, 400),
        ("DELETE", "/rm", {"n": 1, "hostnames": ["E2", "E1"]}, 400),
        ("DELETE", "/rm", {"n": 1, "hostnames": ["E2"]}, 200),
        ("GET", "/add", None, 405),
        ("GET", "/nowhere", None, 400 if system.settings.unknown_path == "course" else 404),
    ]
    control: list[tuple[str, str, Any, int]] = [
        ("GET", "/healthz", None, 200),
        ("GET", "/readyz", None, 200),
        ("GET", "/ring", None, 200),
        ("GET", "/ring/slots", None, 200),
        ("GET", "/ring/lookup?key=alice", None, 200),
        ("POST", "/ring/preview", {"profile": {"strategy": "maglev"}}, 200),
        ("PUT", "/ring", profile, 200),
        ("PUT", "/ring", {"strategy": "none such"}, 400),
        ("PATCH", f"/servers/{first}", {"weight": _weight(system, first)}, 200),
        ("GET", "/deploy", None, 200),
        ("GET", "/events", None, 200),
        ("GET", "/openapi.json", None, 200),
    ]
    for side, calls in (("public", public), ("control", control)):
        for method, path, document, expected in calls:
            yield _call(system, side, method, path, document=document, expected=expected)


def _call(system: System, side: str, method: str, path: str, *, document: Any, expected: int) -> Call:
    base = system.url if side == "public" else system.control_url
    body = None if document is None else json.dumps(document, separators=(",", ":"))
    began = time.monotonic()
    try:
        answer = ask(method, base, path, body=body.encode() if body else None, headers=system.authorization)
        status, text = answer.status, answer.text
    except OSError as error:
        status, text = 0, str(error)
    took = (time.monotonic() - began) * 1000
    return Call(side, " ".join(filter(None, (method, path, body))), expected, status, round(took, 1), text[:200])


def _weight(system: System, hostname: str) -> int:
    servers = system.ring().document["servers"]
    return next(int(server["weight"]) for server in servers if server["hostname"] == hostname)
