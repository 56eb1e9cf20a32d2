"""The networks that this container is attached to now, as Linux has them among its routes."""

from __future__ import annotations

import sys
from pathlib import Path

from balancer.core.caller import Attachments, attachments

_ROUTES = Path("/proc/net/route")


class AttachedNetworks:
    """Read anew at each call: a network may be connected to a running container."""

    def __init__(self, routes: Path = _ROUTES) -> None:
        self._routes = routes

    def __call__(self) -> Attachments:
        return attachments(self._routes.read_text(encoding="ascii"), sys.byteorder)
