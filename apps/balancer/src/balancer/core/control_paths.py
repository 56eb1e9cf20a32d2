"""The control paths: where clients of the public port ask for the fleet and change it."""

from __future__ import annotations

from typing import NamedTuple

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class ControlPaths(NamedTuple):
    rep: str
    add: str
    rm: str


def control_paths(prefix: str) -> ControlPaths:
    """The control paths under a prefix such as "/ringmaster"; empty for none."""
    return ControlPaths(f"{prefix}/rep", f"{prefix}/add", f"{prefix}/rm")


def may_change(method: str, path: str) -> bool:
    """Whether such a request to control may change something. A preview only looks as if it did."""
    return method not in _READING and (method, path) != ("POST", "/ring/preview")
