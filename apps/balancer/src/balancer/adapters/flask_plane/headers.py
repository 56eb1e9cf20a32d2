"""The headers of forwarded messages (RFC 9110, 7.6.1): hop-by-hop headers are dropped, forwarding headers added."""

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
"""gunicorn adds these headers itself, so they must not be passed on."""


def to_server(headers: Mapping[str, str], *, client: str) -> dict[str, str]:
    """The headers for the server: Host is kept, X-Forwarded-* and X-Request-ID are added. SKIP_HEADER keeps urllib3
    from adding its own."""
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
    """The headers for the client. Repeated headers stay separate. `explained`: the headers that name server, slot and
    attempt."""
    pairs = list(headers)
    connection = ",".join(value for name, value in pairs if name.lower() == "connection")
    dropped = _dropped(connection) | _GUNICORNS_OWN | {name.lower() for name, _ in explained}
    return [*((name, value) for name, value in pairs if name.lower() not in dropped), *explained]


def _dropped(connection: str) -> frozenset[str]:
    named = (name.strip().lower() for name in connection.split(","))
    return HOP_BY_HOP | {name for name in named if name}
