"""What a proxy does to headers (RFC 9110, 7.6.1): hop-by-hop ones end here, where it came from is added."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import uuid4

from urllib3.util import SKIP_HEADER

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_GUNICORNS_OWN = frozenset({"server", "date"})
"""gunicorn writes these itself; twice is once too often."""


def to_server(headers: Mapping[str, str], *, client: str) -> dict[str, str]:
    """The headers for the server: Host kept, X-Forwarded-* and X-Request-ID added, and nothing of urllib3's own."""
    dropped = _dropped(headers.get("Connection", "")) | {"expect"}
    forwarded = {name: value for name, value in headers.items() if name.lower() not in dropped}
    sources = [forwarded[name] for name in ("X-Forwarded-For",) if name in forwarded]
    forwarded["X-Forwarded-For"] = ", ".join([*sources, client])
    forwarded.setdefault("X-Forwarded-Host", headers.get("Host", ""))
    forwarded.setdefault("X-Forwarded-Proto", "http")
    forwarded.setdefault("X-Request-Id", str(uuid4()))
    for name in ("Accept-Encoding", "User-Agent"):
        forwarded.setdefault(name, SKIP_HEADER)
    return forwarded


def to_client(headers: Iterable[tuple[str, str]], *, explained: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers for the client, repeated ones kept apart, and those that explain where the answer comes from."""
    pairs = list(headers)
    connection = ",".join(value for name, value in pairs if name.lower() == "connection")
    dropped = _dropped(connection) | _GUNICORNS_OWN | {name.lower() for name, _ in explained}
    return [*((name, value) for name, value in pairs if name.lower() not in dropped), *explained]


def _dropped(connection: str) -> frozenset[str]:
    named = (name.strip().lower() for name in connection.split(","))
    return HOP_BY_HOP | {name for name in named if name}
