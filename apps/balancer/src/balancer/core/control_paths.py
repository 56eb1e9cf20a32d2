"""The control paths: where clients of the public port ask for the fleet and change it."""

from __future__ import annotations

from typing import NamedTuple


class ControlPaths(NamedTuple):
    rep: str
    add: str
    rm: str


def control_paths(prefix: str) -> ControlPaths:
    """The control paths under a prefix such as "/ringmaster"; empty for none."""
    return ControlPaths(f"{prefix}/rep", f"{prefix}/add", f"{prefix}/rm")
