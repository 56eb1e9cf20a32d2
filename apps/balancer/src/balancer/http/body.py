"""The body of a request that asks for a change, within its limit."""

from __future__ import annotations

from flask import Flask, Request
from werkzeug.exceptions import RequestEntityTooLarge

from balancer.ports import answers


def limit_bodies(app: Flask) -> None:
    """A longer body ends one byte beyond the limit, so that `read` can tell."""
    app.config["MAX_CONTENT_LENGTH"] = answers.CONTROL_BODY_LIMIT + 1


def read(request: Request) -> bytes:
    """Raises RequestEntityTooLarge (413). A chunked body is cut at the bound, which is one byte beyond the limit."""
    body = request.get_data()
    if len(body) > answers.CONTROL_BODY_LIMIT:
        raise RequestEntityTooLarge
    return body
