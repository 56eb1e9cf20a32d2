"""The headers of forwarded messages (RFC 9110, 7.6.1): hop-by-hop headers are dropped, forwarding headers added.

What a Connection header names is kept, as HAProxy keeps it: a client could have Host or Cookie dropped by naming it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from secrets import token_hex

from urllib3.util import SKIP_HEADER

from balancer.core.traceparent import is_valid, made

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
_NOT_FOR_SERVERS = HOP_BY_HOP | {"expect", "proxy"}
"""`Proxy` would become the environment variable HTTP_PROXY of a CGI program."""
_GUNICORNS_OWN = frozenset({"server", "date"})
"""gunicorn adds these headers itself, so they must not be passed on."""


def to_server(headers: Mapping[str, str], *, client: str, is_trusted: bool) -> dict[str, str]:
    """The headers for the server: Host is kept, X-Forwarded-* and X-Request-ID are added. `is_trusted`: the client is a
    proxy whose X-Forwarded-* and Forwarded are believed; other clients' are dropped. SKIP_HEADER keeps urllib3 from
    adding its own."""
    kept = {name: value for name, value in headers.items() if name.lower() not in _NOT_FOR_SERVERS}
    if not is_trusted:
        kept = {name: value for name, value in kept.items() if not _tells_the_source(name)}
    sources = [part.strip() for part in kept.get("X-Forwarded-For", "").split(",") if part.strip()]
    kept["X-Forwarded-For"] = ", ".join([*sources, client])
    kept.setdefault("X-Forwarded-Host", headers.get("Host", ""))
    kept.setdefault("X-Forwarded-Proto", "http")
    if not is_trusted:
        kept["X-Forwarded-Port"] = _port(headers.get("Host", ""))
    kept.setdefault("X-Request-Id", _new_id())
    for name in ("Accept-Encoding", "User-Agent"):
        kept.setdefault(name, SKIP_HEADER)
    return kept


def _new_id() -> str:
    return token_hex(12)


def traced(headers: dict[str, str], *, makes: bool) -> dict[str, str]:
    """The headers with a valid traceparent as it came, and its tracestate. An invalid one goes with its tracestate.
    `makes`: where there is none then, there is a new one."""
    if is_valid(headers.get("Traceparent", "")) or not (makes or "Traceparent" in headers):
        return headers
    kept = {name: value for name, value in headers.items() if name.lower() not in ("traceparent", "tracestate")}
    return kept | {"Traceparent": made(_new_id())} if makes else kept


def to_client(headers: Iterable[tuple[str, str]], *, explained: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers for the client. Repeated headers stay separate. `explained`: the headers that name server, slot and
    attempt."""
    dropped = HOP_BY_HOP | _GUNICORNS_OWN | {name.lower() for name, _ in explained}
    return [*((name, value) for name, value in headers if name.lower() not in dropped), *explained]


def _tells_the_source(name: str) -> bool:
    return name.lower() == "forwarded" or name.lower().startswith("x-forwarded-")


def _port(host: str) -> str:
    """The port in a Host header, 80 where it names none."""
    port = host.rpartition(":")[2] if ":" in host else ""
    return port if port.isdecimal() else "80"
