"""HTTP answers: success, and every error with its HTTP code. No other module gives errors their codes."""

from __future__ import annotations

import logging
from contextlib import suppress
from http import HTTPStatus

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge, RequestTimeout

from balancer.core.errors import (
    Busy,
    EngineUnavailable,
    InvalidRequest,
    NameTaken,
    PlaneUnavailable,
    RingmasterError,
    StartFailed,
    StateUnavailable,
    TooManyWait,
    UnknownServer,
)
from balancer.http.operation import Document
from balancer.http.patience import in_time
from balancer.ports import answers

_log = logging.getLogger(__name__)

STATUS: dict[type[RingmasterError], HTTPStatus] = {
    InvalidRequest: HTTPStatus.BAD_REQUEST,
    UnknownServer: HTTPStatus.NOT_FOUND,
    NameTaken: HTTPStatus.CONFLICT,
    Busy: HTTPStatus.CONFLICT,
    TooManyWait: HTTPStatus.TOO_MANY_REQUESTS,
    StartFailed: HTTPStatus.INTERNAL_SERVER_ERROR,
    EngineUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    PlaneUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    StateUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

_RETRY_AFTER = 5
"""Seconds. A change of the fleet takes about as long."""
_DRAIN_BYTES = 64 * 1024 * 1024


def respond(text: str, status: int = HTTPStatus.OK) -> Response:
    return Response(text, status, content_type=answers.CONTENT_TYPE)


def give(document: Document, status: int = HTTPStatus.OK) -> Response:
    """The document as an answer. A field that was not given is left out."""
    return respond(answers.compact(document.model_dump(mode="json", exclude_unset=True)), status)


def install_error_handlers(app: Flask) -> None:
    app.register_error_handler(RingmasterError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _defect)


def _refused(error: RingmasterError) -> Response:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    _log.info("request refused", extra={"path": request.path, "status": int(status), "reason": str(error)})
    response = respond(answers.failure(str(error)), status)
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(_RETRY_AFTER)
    return response


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        _drain()
    reason = {
        MethodNotAllowed: f"{request.path} does not know the method {request.method}",
        NotFound: f"{request.path} does not exist here",
        RequestEntityTooLarge: answers.TOO_LARGE,
    }.get(type(error), str(error.description))
    response = respond(answers.failure(reason), error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    for name, value in error.get_headers(request.environ):
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def broken_body(_: Exception) -> Response:
    """The answer to a body with broken chunks. gunicorn finds this error only while the body is read."""
    return respond(answers.failure("the body is not framed as HTTP wants it"), HTTPStatus.BAD_REQUEST)


def _defect(error: Exception) -> Response:
    _log.error("unforeseen", exc_info=error, extra={"path": request.path})
    return respond(answers.failure("The balancer failed; its log says why"), HTTPStatus.INTERNAL_SERVER_ERROR)


def _drain() -> None:
    """Reads the rest of a body, at most _DRAIN_BYTES and for a body's time. So the client can send all of it, and sees
    the answer instead of a reset."""
    stream = request.environ["wsgi.input"]
    left = _DRAIN_BYTES
    with suppress(RequestTimeout), in_time(request.environ.get("gunicorn.socket")):
        while left > 0 and (piece := stream.read(65536)):
            left -= len(piece)
