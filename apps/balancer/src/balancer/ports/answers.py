"""The answers that a data plane gives by itself: their texts, in the JSON shape of all errors of the API."""

from __future__ import annotations

import json

CONTENT_TYPE = "application/json"

CONTROL_BODY_LIMIT = 65536
"""Bytes of the longest body of /add, /rm and the control port."""

TOO_LARGE = f"The body is larger than {CONTROL_BODY_LIMIT} bytes"
BROKE_OFF = "The server broke off before it answered"
NO_SERVER = "No server can answer now"
TOO_SLOW = "The server did not answer in time"


def failure(reason: str) -> str:
    """The JSON text of an error."""
    return compact({"message": f"<Error> {reason}", "status": "failure"})


def unknown_path(path: str) -> str:
    """The handout's answer to a path that the servers do not know. `path`: as the client wrote it, without the
    query."""
    return failure(f"'{path}' endpoint does not exist in server replicas")


def compact(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))
