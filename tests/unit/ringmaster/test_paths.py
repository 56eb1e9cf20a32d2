"""The command asks for nothing but what /openapi.json describes."""

from __future__ import annotations

import re
from pathlib import Path

import ringmaster
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app

LATER = {"/load", "/ring/points", "/sessions/links", "/whoami"}
"""Paths that an older balancer does not know. The command gets along without them, or says so."""


def test_every_path_is_described() -> None:
    sources = Path(ringmaster.__file__).parent.rglob("*.py")
    calls = r"client\.(?:get|find|ask|change|lines)\((?:\"[A-Z]+\", )?f?\"(/[a-z/]*)"
    asked = {path for source in sources for path in re.findall(calls, source.read_text(encoding="utf-8"))}
    document = control_app(InMemoryBalancer()).test_client().get("/openapi.json").json
    described = {path.partition("{")[0] for path in document["paths"]}
    assert {"/add", "/ring", "/ring/lookup", "/events", "/servers/", "/load"} <= asked
    assert asked - LATER <= described
