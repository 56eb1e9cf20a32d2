"""Very many keyed requests over one connection, fifty of them on their way at a time."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import IO

_AT_A_TIME = 50

Told = tuple[bytes, bytes, bytes]
"""What a server calls itself, and what the plane calls the server and the slot."""


def ask_all(url: str, keys: Sequence[bytes]) -> list[Told]:
    """What the plane at `url` answers to requests with these keys in X-Key."""
    host, _, port = url.removeprefix("http://").partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=60)) as connection:
        return list(_ask_all(connection, keys))


def _ask_all(connection: socket.socket, keys: Sequence[bytes]) -> Iterator[Told]:
    answers = connection.makefile("rb")
    for first in range(0, len(keys), _AT_A_TIME):
        batch = keys[first : first + _AT_A_TIME]
        requests = (b"GET /home HTTP/1.1\r\nHost: test\r\nX-Key: " + key + b"\r\n\r\n" for key in batch)
        connection.sendall(b"".join(requests))
        yield from (_answer(answers) for _ in batch)


def _answer(stream: IO[bytes]) -> Told:
    stream.readline()
    headers = {}
    while line := stream.readline().strip():
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers[b"content-length"]))
    return body, headers.get(b"x-served-by", b""), headers.get(b"x-ring-slot", b"")
