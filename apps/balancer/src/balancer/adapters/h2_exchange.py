"""A heartbeat in HTTP/2 without TLS, by prior knowledge: a GET, or gRPC's own health check where the path is its."""

from __future__ import annotations

import re

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError

from balancer.core.heartbeat import Heartbeat

GRPC_HEALTH = "/grpc.health.v1.Health/Check"
"""Many gRPC servers answer nothing but POST. This is the path of gRPC's health checking protocol."""

_NO_SERVICE = bytes(5)
"""The message HealthCheckRequest that names no service, so the whole server is meant: not compressed, 0 bytes long."""
_SERVING = b"\x00\x00\x00\x00\x02\x08\x01"
"""The message HealthCheckResponse with the status SERVING."""
_STATUS = re.compile(rb"[1-5][0-9]{2}")
_GRPC_STATUS = re.compile(rb"[0-9]{1,3}")
_LOCATION = re.compile(rb"[\x21-\x7e]{1,200}")
_SETTINGS = b"\x04"
_TO_THE_TYPE = 4
"""Bytes of a frame to its type, included. A server's first frame is SETTINGS (RFC 9113, 3.4). h2 does not insist on it,
and takes other texts for the begin of a very long frame."""
_NOT_HTTP_2 = "an answer that is not HTTP/2"
_LONGEST_BODY = 4096
"""Bytes of the answer to a health check that are looked at."""


class H2Exchange:
    """An Exchange."""

    def __init__(self, address: str, heartbeat: Heartbeat) -> None:
        self._heartbeat = heartbeat
        self._is_grpc = heartbeat.path == GRPC_HEALTH
        self._h2 = H2Connection(H2Configuration(header_encoding=None))
        self._headers: dict[bytes, bytes] = {}
        self._begin = self._body = b""
        self._ended = False
        self._failure = ""
        self._h2.initiate_connection()
        self._ask(heartbeat.host or address)
        self.request = self._h2.data_to_send()

    def _ask(self, authority: str) -> None:
        headers = [
            (":method", "POST" if self._is_grpc else "GET"),
            (":scheme", "http"),
            (":authority", authority),
            (":path", self._heartbeat.path),
            ("user-agent", "ringmaster"),
        ]
        if not self._is_grpc:
            self._h2.send_headers(1, headers, end_stream=True)
            return
        self._h2.send_headers(1, [*headers, ("content-type", "application/grpc"), ("te", "trailers")])
        self._h2.send_data(1, _NO_SERVICE, end_stream=True)

    def take(self, part: bytes) -> bytes | None:
        self._begin = (self._begin + part)[:_TO_THE_TYPE]
        if not part:
            self._failure = "the connection was closed without an answer"
        try:
            for event in self._h2.receive_data(part):
                self._note(event)
        except ProtocolError:
            self._failure = _NOT_HTTP_2
        if self._begin[-1:] != _SETTINGS and (len(self._begin) == _TO_THE_TYPE or (self._begin and not part)):
            self._failure = _NOT_HTTP_2
        return None if self._failure or self._is_complete else self._h2.data_to_send()

    def _note(self, event: Event) -> None:
        if isinstance(event, ResponseReceived | TrailersReceived):
            self._headers.update(event.headers)
        elif isinstance(event, DataReceived):
            self._body = (self._body + event.data)[:_LONGEST_BODY]
        elif isinstance(event, StreamEnded):
            self._ended = True
        elif isinstance(event, StreamReset):
            self._failure = f"the request was refused (RST_STREAM, error {event.error_code:d})"
        elif isinstance(event, ConnectionTerminated):
            self._failure = f"the connection was given up (GOAWAY, error {event.error_code:d})"

    @property
    def _is_complete(self) -> bool:
        return self._ended or (b":status" in self._headers and not self._is_grpc)

    @property
    def _status(self) -> str:
        """The answer's status, empty where it has none."""
        found = _STATUS.fullmatch(self._headers.get(b":status", b""))
        return found[0].decode() if found and self._is_complete else ""

    @property
    def is_good(self) -> bool:
        if not self._status or not self._heartbeat.accepts(int(self._status)):
            return False
        return not self._is_grpc or (self._headers.get(b"grpc-status"), self._body) == (b"0", _SERVING)

    @property
    def seen(self) -> str:
        status = self._status
        if not status:
            return self._failure or _NOT_HTTP_2
        location = _LOCATION.match(self._headers.get(b"location", b""))
        if status.startswith("3") and location:
            return f"{status} to {location[0].decode()}"
        if self._is_grpc and self._heartbeat.accepts(int(status)):
            found = _GRPC_STATUS.fullmatch(self._headers.get(b"grpc-status", b""))
            return f"answered grpc-status {found[0].decode() if found else 'none'}, and not SERVING"
        return f"answered {status}"
