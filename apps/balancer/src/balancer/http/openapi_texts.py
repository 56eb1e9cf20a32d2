"""The parts of the OpenAPI document that belong to no single operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CONTROL = {"url": "http://127.0.0.1:5001", "description": "The control port"}

HEAD: Mapping[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Ringmaster",
        "version": "1",
        "summary": "A load balancer that routes over a consistent-hash ring and owns the servers behind it.",
        "description": "A refused request leaves everything as it was. Changes wait for each other and answer 409 when "
        "that takes too long, or 429 at once where eight wait already. In the data plane haproxy the edge answers for "
        "a balancer that is away or hangs: 502, 503 or 504, with the body of all errors; and 408 where a request is "
        "not whole after 10 s.",
        "license": {"name": "MIT", "identifier": "MIT"},
    },
    "servers": [_CONTROL],
    "security": [{"token": []}],
}

PUBLIC_SERVERS = [
    {
        "url": "http://127.0.0.1:5000",
        "description": "The public side; every other path there belongs to the servers",
    },
    _CONTROL,
]

TAGS: Mapping[str, str] = {
    "fleet": "Who serves; more servers, fewer servers.",
    "deploy": "What servers are made of.",
    "ring": "How requests get slots and slots get servers.",
    "health": "How the balancer is.",
    "events": "What happened.",
    "metrics": "Figures for Prometheus.",
    "sessions": "Who asks, and how a page gets a token.",
    "page": "Pages for a browser.",
}
"""tag → its text, in the order of the document. A tag that no operation has is left out."""

SECURITY: Mapping[str, Any] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "The operator's token or a named one, where the deployment has tokens. A session's counts as "
        "the one that made its link. One whose role is read may send GET, and POST to /ring/preview and "
        "/sessions/links.",
    }
}

ERRORS: Mapping[int, Mapping[str, Any]] = {
    400: {"description": "The request cannot be carried out; the message names the field and what to write."},
    401: {"description": "The token is missing, or is none of this deployment's."},
    403: {
        "description": "The caller is in the servers' network, is somebody else's web page, or asks for a host that is "
        "none of this deployment's; or the token's role is read."
    },
    404: {"description": "Nothing of that name is here."},
    408: {"description": "The body was not whole within its time, 10 s."},
    409: {"description": "Another change is running, the fleet is not complete yet, or somebody else has the name."},
    413: {"description": "The body is larger than 64 KiB."},
    429: {
        "description": "Eight changes wait for their turn already.",
        "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
    },
    500: {"description": "A server did not become ready."},
    503: {"description": "The engine, the data plane, the volume or the balancer is away."},
}
"""status → the answer of an error, whose body is always an Error."""
