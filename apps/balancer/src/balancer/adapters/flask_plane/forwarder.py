"""The forwarder: it sends a request to the server of its slot, and repeats it at another server where that is safe."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

import urllib3
from flask import Request, Response

from balancer.adapters.flask_plane import incoming
from balancer.adapters.flask_plane.access_log import AccessLog
from balancer.adapters.flask_plane.connections import ATTEMPT_ERRORS, Connections, was_never_sent, was_too_slow
from balancer.adapters.flask_plane.headers import to_client
from balancer.adapters.flask_plane.incoming import Incoming
from balancer.adapters.flask_plane.journey import Journey
from balancer.adapters.flask_plane.plane import Attempt, FlaskPlane
from balancer.adapters.flask_plane.turns import NoTurn, Turns
from balancer.adapters.flask_plane.watched_socket import ClientLeft
from balancer.core.errors import EmptyRing
from balancer.core.traceparent import MAKE
from balancer.core.trusted_proxies import TrustedProxies
from balancer.ports import answers
from balancer.ports.answers import Repeated

_log = logging.getLogger(__name__)

WHOLE_ANSWER = 65536
"""Bytes. An answer of at most this length is read to its end before it is passed on."""
_PIECE = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardingOptions:
    """All times are in seconds. `response_timeout`: until the head of an answer. `stream_timeout`: how long an answer
    that has begun may be silent. `server_max_connections`: requests at a server at once, 0 for any number; others wait
    for `queue_timeout`. `course_errors`: a server's 404 becomes the handout's 400. `explain`: answers
    name their server, slot and attempt. `access_log`: the kind of AccessLog. `traceparent`: what becomes of a request
    without a valid one, as core/traceparent.py has it. `bufsize`: as at the edge, the head of a request has to fit into
    a buffer of so many bytes. `draw` returns a random request id."""

    response_timeout: float
    stream_timeout: float
    queue_timeout: float
    server_max_connections: int
    server_keep_alive: bool
    trusted_proxies: tuple[str, ...]
    course_errors: bool
    explain: bool
    access_log: str
    traceparent: str
    bufsize: int
    draw: Callable[[], int]


class Forwarder:
    """Called with a Flask request, it returns the answer of a server."""

    def __init__(self, plane: FlaskPlane, options: ForwardingOptions) -> None:
        self._plane = plane
        self._options = options
        self._connections = Connections(
            response_timeout=options.response_timeout,
            stream_timeout=options.stream_timeout,
            kept=options.server_keep_alive,
            present=lambda: plane.addresses,
        )
        plane.keeps_idle(self._connections.close_idle)
        self._turns = Turns(most=options.server_max_connections, timeout=options.queue_timeout)
        self._proxies = TrustedProxies(options.trusted_proxies)
        self._access_log = AccessLog(options.access_log)

    def __call__(self, request: Request) -> Response:
        began = time.monotonic()
        received = incoming.read(request, self._proxies, makes_trace=self._options.traceparent == MAKE)
        journey = Journey()
        if received.fits(self._options.bufsize - answers.HEAD_RESERVE):
            response = self._answer(received, journey)
        else:
            response = _failed(HTTPStatus.BAD_REQUEST, answers.NOT_HTTP)
        response.call_on_close(lambda: self._note(received, response, journey, time.monotonic() - began))
        return response

    def _note(self, received: Incoming, response: Response, journey: Journey, seconds: float) -> None:
        size = journey.streamed if response.is_streamed else response.calculate_content_length() or 0
        self._access_log.note(received, status=response.status_code, size=size, seconds=seconds, journey=journey)

    def _answer(self, received: Incoming, journey: Journey) -> Response:
        """The answer. The journey begins here."""
        random_id = self._options.draw()
        status, reason = HTTPStatus.SERVICE_UNAVAILABLE, answers.NO_SERVER
        while journey.recipients < answers.MOST_RECIPIENTS and len(journey.tried) < answers.MOST_TRIED:
            with ExitStack() as flight:
                try:
                    attempt = flight.enter_context(self._plane.send(received.message, random_id, journey.tried))
                    journey.begins(attempt)
                    flight.enter_context(self._turns.turn(attempt.backend.instance))
                except EmptyRing:
                    break
                except NoTurn:
                    return _failed(HTTPStatus.SERVICE_UNAVAILABLE, answers.NO_SERVER)
                try:
                    return self._ask(received, attempt, flight, journey)
                except ClientLeft:
                    self._plane.client_left(attempt.backend.instance)
                    return _failed(HTTPStatus.BAD_REQUEST, answers.NOT_HTTP)
                except ATTEMPT_ERRORS as error:
                    if was_too_slow(error):
                        return _failed(HTTPStatus.GATEWAY_TIMEOUT, answers.TOO_SLOW)
                    _log_failure(attempt, error)
                    if was_never_sent(error):
                        self._plane.not_reached(attempt.backend)
                        journey.fails(attempt, Repeated.not_reached)
                        continue
                    journey.fails(attempt, Repeated.broke_off)
                    status, reason = HTTPStatus.BAD_GATEWAY, answers.broke_off(journey.recipients)
                    if not received.may_repeat:
                        break
        return _failed(status, reason)

    def _ask(self, received: Incoming, attempt: Attempt, flight: ExitStack, journey: Journey) -> Response:
        """Makes one attempt and returns its answer. Raises ATTEMPT_ERRORS. `flight` counts the request as in flight:
        until this returns, or until the last byte of an answer that is passed on piece by piece."""
        began = time.monotonic()
        instance = attempt.backend.instance
        took: Callable[[int], None] = partial(self._plane.took, instance)
        answer = self._connections.ask(attempt.backend.address, received, took)
        self._plane.reached(attempt.backend)
        is_error = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        self._plane.answered(instance, time.monotonic() - began, is_error=is_error)
        explained = _explained(attempt) if self._options.explain else []
        if self._options.course_errors and answer.status == HTTPStatus.NOT_FOUND:
            answer.drain_conn()  # drain_conn also gives the connection back
            text = answers.unknown_path(received.path)
            response = Response(text, HTTPStatus.BAD_REQUEST, content_type=answers.CONTENT_TYPE)
            response.headers.extend(explained)
            return response
        response = _passed_on(answer, flight, gave=partial(self._gave, instance, journey))
        response.headers.clear()
        response.headers.extend(to_client(answer.headers.items(), explained=explained))
        return response

    def _gave(self, instance: str, journey: Journey, count: int) -> None:
        self._plane.gave(instance, count)
        journey.streamed += count


def _passed_on(answer: urllib3.BaseHTTPResponse, flight: ExitStack, *, gave: Callable[[int], None]) -> Response:
    """The answer for the client. A short answer is read as a whole before its first byte goes out: where the server
    breaks off meanwhile, another server can be asked. A longer answer is streamed, and `gave` is told its bytes."""
    if answer.length_remaining is not None and answer.length_remaining <= WHOLE_ANSWER:
        return Response(b"".join(_pieces(answer, gave)), answer.status)
    response = Response(_pieces(answer, gave), answer.status)  # direct_passthrough would skip call_on_close
    response.call_on_close(flight.pop_all().close)
    response.call_on_close(answer.close)
    return response


def _pieces(answer: urllib3.BaseHTTPResponse, gave: Callable[[int], None]) -> Iterator[bytes]:
    """The body as it comes. The empty piece makes gunicorn send the head, which may be all for an hour."""
    yield b""
    with suppress(ClientLeft):
        while piece := answer.read1(_PIECE):
            gave(len(piece))
            yield piece


def _explained(attempt: Attempt) -> list[tuple[str, str]]:
    return [
        ("X-Served-By", attempt.backend.hostname),
        ("X-Ring-Slot", str(attempt.slot)),
        ("X-Ring-Attempt", str(attempt.number)),
    ]


def _log_failure(attempt: Attempt, error: Exception) -> None:
    _log.info(
        "attempt failed",
        extra={
            "server": attempt.backend.hostname,
            "slot": attempt.slot,
            "attempt": attempt.number,
            "reason": str(error),
        },
    )


def _failed(status: HTTPStatus, reason: str) -> Response:
    return Response(answers.failure(reason), status, content_type=answers.CONTENT_TYPE)
