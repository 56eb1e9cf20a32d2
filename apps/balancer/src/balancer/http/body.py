"""Reads the body of a request, up to a limit, and within a time."""

from __future__ import annotations

from flask import Flask, Request
from werkzeug.exceptions import RequestEntityTooLarge

from balancer.http.patience import in_time
from balancer.ports import answers


def limit_bodies(app: Flask) -> None:
    """The app reads one byte more than the limit, so that `read` sees that a body is too long."""
    app.config["MAX_CONTENT_LENGTH"] = answers.CONTROL_BODY_LIMIT + 1


def read(request: Request) -> bytes:
    """The body. Raises RequestEntityTooLarge (413). A chunked body that is too long is cut one byte after the limit.
    Raises RequestTimeout (408) where the client takes too long."""
    with in_time(request.environ.get("gunicorn.socket")):
        body = request.get_data()
    if len(body) > answers.CONTROL_BODY_LIMIT:
        raise RequestEntityTooLarge
    return body
