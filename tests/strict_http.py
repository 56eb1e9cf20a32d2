"""A reader of HTTP/1.1 requests that takes only what every other reader takes in the same way (RFC 9112).

It shares no code with the planes, so it is a judge of what they send. It refuses what RFC 9112 lets a server repair.
Three things pass: control characters in values (RFC 9110, 5.5), a request without Host, which every server refuses,
and trailers of any name, which no server may take for headers (RFC 9110, 6.5.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 10**15
"""Bytes of the longest body and the largest chunk."""

_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (/[!-~]*|\*) HTTP/1\.([01])")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*)")
_HOST = re.compile(rb"[^\0- /?#@,\\\x7f-\xff]*")
_CHUNK = re.compile(rb"[0-9A-Fa-f]{1,15}")
_LENGTH = re.compile(rb"[0-9]{1,15}")


class Ambiguous(Exception):
    """Two readers may see two different requests here."""


@dataclass(frozen=True, slots=True)
class Head:
    """Header names are in lower case."""

    method: bytes
    target: bytes
    fields: tuple[tuple[bytes, bytes], ...]

    def values(self, name: bytes) -> list[bytes]:
        return [value for field, value in self.fields if field == name]


@dataclass(frozen=True, slots=True)
class Request:
    """`size`: bytes of the whole request as it was sent."""

    head: Head
    body: bytes
    size: int


def head(received: bytes) -> Head | None:
    """The head at the beginning of `received`; None where it is not complete. Raises Ambiguous."""
    text, end, _ = received.partition(b"\r\n\r\n")
    _no_bare_ends(text if end else text.removesuffix(b"\n").removesuffix(b"\r"))
    if not end:
        return None
    first, *lines = text.split(b"\r\n")
    line = _LINE.fullmatch(first)
    if not line:
        raise Ambiguous(f"request line {first!r}")
    fields = _fields(lines)
    read = Head(line[1], line[2], fields)
    _check_framing(read)
    if line[3] == b"0" and read.values(b"transfer-encoding"):
        raise Ambiguous("HTTP/1.0 knows no chunks")
    hosts = read.values(b"host")
    if len(hosts) > 1 or not all(map(_HOST.fullmatch, hosts)):
        raise Ambiguous(f"Host {hosts}")
    return read


def request(received: bytes) -> Request | None:
    """The request at the beginning of `received`; None where it is not complete. Raises Ambiguous."""
    read = head(received)
    if read is None:
        return None
    start = received.index(b"\r\n\r\n") + 4
    if read.values(b"transfer-encoding"):
        found = _chunks(received, start)
        return found and Request(read, found[0], found[1])
    end = start + int((read.values(b"content-length") or [b"0"])[0])
    return Request(read, received[start:end], end) if len(received) >= end else None


def _check_framing(read: Head) -> None:
    lengths, encodings = read.values(b"content-length"), read.values(b"transfer-encoding")
    if len(lengths) + len(encodings) > 1:
        raise Ambiguous(f"framed twice: {lengths} {encodings}")
    if lengths and not (_LENGTH.fullmatch(lengths[0]) and int(lengths[0]) <= LONGEST):
        raise Ambiguous(f"Content-Length {lengths}")
    if encodings and encodings[0].lower() != b"chunked":
        raise Ambiguous(f"Transfer-Encoding {encodings}")
    for name, _ in read.fields:
        if name.replace(b"_", b"-") in (b"content-length", b"transfer-encoding") and b"_" in name:
            raise Ambiguous(f"many applications take it for framing: {name!r}")
    if any(b"h2c" in value.lower().replace(b" ", b"").split(b",") for value in read.values(b"upgrade")):
        raise Ambiguous("a server that switches to h2c hears the client past the plane")


def _fields(lines: list[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    fields = []
    for line in lines:
        field = _FIELD.fullmatch(line)
        if not field:
            raise Ambiguous(f"header line {line!r}")
        fields.append((field[1].lower(), field[2].rstrip(b" \t")))
    return tuple(fields)


def _chunks(received: bytes, start: int) -> tuple[bytes, int] | None:
    """The body and where it ends; None where it is not complete. Raises Ambiguous."""
    body = b""
    while True:
        line, end, _ = received[start:].partition(b"\r\n")
        if not end:
            _no_bare_ends(line.removesuffix(b"\r"))
            return None
        if not _CHUNK.fullmatch(line) or int(line, 16) > LONGEST:
            raise Ambiguous(f"chunk size {line!r}")
        size, start = int(line, 16), start + len(line) + 2
        if size == 0:
            return _trailers(received, start, body)
        chunk, start = received[start : start + size], start + size + 2
        if not b"\r\n".startswith(received[start - 2 : start]):
            raise Ambiguous("a chunk does not end where it must")
        if len(received) < start:
            return None
        body += chunk


def _trailers(received: bytes, start: int, body: bytes) -> tuple[bytes, int] | None:
    if received[start : start + 2] == b"\r\n":
        return body, start + 2
    text, end, _ = received[start:].partition(b"\r\n\r\n")
    if not end:
        return None
    _no_bare_ends(text)
    _fields(text.split(b"\r\n"))
    return body, start + len(text) + 4


def _no_bare_ends(text: bytes) -> None:
    left = text.replace(b"\r\n", b"")
    if b"\r" in left or b"\n" in left:
        raise Ambiguous(f"a bare line end in {text[:200]!r}")
