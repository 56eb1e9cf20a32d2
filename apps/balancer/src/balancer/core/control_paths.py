"""The control paths: where clients of the public port ask for the fleet and change it."""

from __future__ import annotations

from typing import NamedTuple

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_HARMLESS = frozenset({("POST", "/ring/preview"), ("POST", "/sessions"), ("POST", "/sessions/links")})
"""They change nothing of the deployment: a preview only looks as if it did, and a session may do no more than its
maker."""


class ControlPaths(NamedTuple):
    rep: str
    add: str
    rm: str


def control_paths(prefix: str) -> ControlPaths:
    """The control paths under a prefix such as "/ringmaster"; empty for none."""
    return ControlPaths(f"{prefix}/rep", f"{prefix}/add", f"{prefix}/rm")


def may_change(method: str, path: str) -> bool:
    """Whether such a request to control may change something."""
    return method not in _READING and (method, path) not in _HARMLESS
