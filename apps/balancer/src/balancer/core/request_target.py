"""The target of a request line, as a path: clients may also write a whole URL."""

from __future__ import annotations

import re

_BEFORE_THE_PATH = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


def origin_form(target: str) -> str:
    """Path and query as the client wrote them, not decoded. Of a URL with scheme and host only path and query are left;
    "/" where there is no path, and for what is neither a path nor a URL."""
    if target.startswith("/"):
        return target
    before = _BEFORE_THE_PATH.match(target)
    left = target[before.end() :] if before else ""
    return left if left.startswith("/") else f"/{left}"
