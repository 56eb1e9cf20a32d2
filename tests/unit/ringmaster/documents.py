"""Answers of the API that balancers in memory do not give by themselves, or only after a story."""

from __future__ import annotations

from typing import Any

from balancer.core.catalogue import Catalogue
from tests.unit.balancer.in_memory import InMemoryBalancer


def load(*, imbalance: float | None = 1.02, requests: int = 5000) -> dict[str, Any]:
    """The answer of /load for three servers."""
    return {
        "time": "2026-01-01T00:00:10.000+00:00",
        "since": "2026-01-01T00:00:00.000+00:00",
        "interval": 5.0,
        "imbalance": imbalance,
        "servers": [
            {
                "hostname": hostname,
                "requests_per_second": 12.5,
                "errors_per_second": 0.0,
                "in_flight": 2,
                "response_time": 0.0123,
                "requests": requests,
                "errors": 0,
                "share": share,
                "expected": 1 / 3,
            }
            for hostname, share in (("S1", 0.34), ("S2", 0.33), ("S3", None))
        ],
    }


def edges(*nodes: str, **changes: Any) -> dict[str, Any]:
    """The answer of /edges while all are well, with some things changed of the last one."""
    well = [
        {"node": node, "leased": True, "serving": True, "in_step": True, "silent_for": 0.2, "problem": ""}
        for node in nodes
    ]
    return {"edges": [*well[:-1], *(edge | changes for edge in well[-1:])]}


def health(**changes: Any) -> dict[str, Any]:
    """The answer of /readyz while all is well, with some things changed."""
    well = {
        "ready": True,
        "N": 3,
        "target": 3,
        "replicas": ["S1", "S2", "S3"],
        "silent": [],
        "ring": "0123456789abcdef",
        "ailments": {},
        "remedies": {},
        "certificates": [],
    }
    return well | changes


def deployed(stage: str, *, reason: str = "", left: int = 0, pulling: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer of /deploy, with what the command reads of it."""
    return {
        "release": {"number": 2, "image": "app:1"},
        "deploy": {
            "stage": stage,
            "reason": reason,
            "pulling": pulling,
            "wish": {"number": 3, "image": "app:2"},
            "configured": False,
            "surge": 1,
            "batch": 1,
            "left": left,
        },
        "servers": [],
    }


def previewed(**profile: object) -> dict[str, Any]:
    """The answer of /ring/preview with slots: three servers on the table, and on the ring of that profile."""
    return {
        "now": _side({}),
        "then": _side(profile),
        "moved": {"slots": None, "of": 512, "share": 0.6, "minimum": 0.0},
    }


def _side(profile: dict[str, object]) -> dict[str, Any]:
    ring = InMemoryBalancer(ring=profile).started()
    fleet = ring.desired.fleet
    names = {server.ring_id: server.hostname for server in fleet.servers}
    servers = [
        {
            "hostname": expected.server.hostname,
            "ring_id": expected.server.ring_id,
            "weight": 1,
            "slots": expected.slots,
            "share": expected.share,
        }
        for expected in ring.ring.ring().servers
    ]
    return {
        "profile": Catalogue().profile(profile).document(),
        "servers": servers,
        "owners": [names[owner] for owner in fleet.table.owners],
    }
