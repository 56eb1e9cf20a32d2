"""Reads the body of a request, up to a limit, and within a time. It is read as JSON for every Content-Type."""

from __future__ import annotations

from typing import Any, TypeVar

from flask import Flask, Request
from werkzeug.exceptions import RequestEntityTooLarge

from balancer.core.document import json_object
from balancer.http import refusal
from balancer.http.operation import Document
from balancer.http.patience import in_time
from balancer.ports import answers

Kind = TypeVar("Kind", bound=Document)


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


def read_object(request: Request, *, example: str) -> dict[str, Any]:
    """The body, which is a JSON object. Raises InvalidRequest, and what `read` raises."""
    return json_object(read(request), example=example)


def read_document(request: Request, kind: type[Kind], *, example: str) -> Kind:
    """The body, which is such a document. Raises InvalidRequest, and what `read` raises."""
    return refusal.checked(kind, read_object(request, example=example))
