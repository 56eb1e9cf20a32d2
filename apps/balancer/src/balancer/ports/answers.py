"""What every data plane answers by itself, in the words and the JSON shape that the API has for errors."""

from __future__ import annotations

import json

CONTENT_TYPE = "application/json"

CONTROL_BODY_LIMIT = 65536
"""Bytes that /add and /rm read at most."""

TOO_LARGE = f"The body is larger than {CONTROL_BODY_LIMIT} bytes"
BROKE_OFF = "The server broke off before it answered"
NO_SERVER = "No server can answer now"
TOO_SLOW = "The server did not answer in time"


def failure(reason: str) -> str:
    """The shape of every error."""
    return compact({"message": f"<Error> {reason}", "status": "failure"})


def unknown_path(path: str) -> str:
    """The handout's answer to a path, as the client wrote it and without its query, that no server knows."""
    return failure(f"'{path}' endpoint does not exist in server replicas")


def compact(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))
