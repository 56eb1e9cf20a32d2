"""The answers that a data plane gives by itself: their texts, in the JSON shape of all errors of the API."""

from __future__ import annotations

import json
from enum import StrEnum

CONTENT_TYPE = "application/json"

CONTROL_BODY_LIMIT = 65536
"""Bytes of the longest body of /add, /rm and the control port."""

HEAD_RESERVE = 1024
"""Bytes of a buffer (the setting bufsize) that the head of a message may not fill."""

NOT_HTTP = "The request is not HTTP as it must be, or its head is too long"
TOO_LATE = "The request did not arrive in time"
TOO_LARGE = f"The body is larger than {CONTROL_BODY_LIMIT} bytes"
MOST_RECIPIENTS = 3
"""The most servers that one request is sent to: a request may be what they do not survive."""

MOST_TRIED = 6
"""The most servers that one request tries, those included that cannot be reached and so do not get it."""


class Repeated(StrEnum):
    """Why a request went on to the next server, as the access log has it: one for each time, with ", " between."""

    was_down = "server was down"  # that was known before the request
    not_reached = "could not be reached"
    broke_off = "broke off"  # after it got the request


NO_SERVER = "No server can answer now"
TOO_SLOW = "The server did not answer in time"


def broke_off(servers: int) -> str:
    """The reason of a 502: so many servers, at most MOST_RECIPIENTS, got the request and did not answer it."""
    return {
        1: "The server broke off before it answered",
        2: "Two servers broke off before they answered; the request is not sent to a third one",
        3: "Three servers broke off before they answered; the request is not sent to a fourth one",
    }[servers]


def too_many(requests: int, seconds: int) -> str:
    """The reason of a 429."""
    return f"Too many requests: at most {requests} in {seconds} s; try again after the seconds in Retry-After"


def failure(reason: str) -> str:
    """The JSON text of an error."""
    return compact({"message": f"<Error> {reason}", "status": "failure"})


def unknown_path(path: str) -> str:
    """The handout's answer to a path that the servers do not know. `path`: as the client wrote it, without the
    query."""
    return failure(f"'{path}' endpoint does not exist in server replicas")


def compact(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))
