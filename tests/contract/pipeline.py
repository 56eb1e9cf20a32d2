"""Very many keyed requests over one connection, fifty of them on their way at a time."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from typing import IO

_AT_A_TIME = 50

Told = tuple[bytes, bytes, bytes]
"""What a server calls itself, and what the plane calls the server and the slot."""


def ask_all(
    connection: socket.socket, keys: Sequence[bytes], *, then: Callable[[int], object] = lambda sent: None
) -> Iterator[Told]:
    """What a plane answers to requests with these keys in X-Key. After every batch comes `then`, with its size."""
    with connection.makefile("rb") as answers:
        for first in range(0, len(keys), _AT_A_TIME):
            batch = keys[first : first + _AT_A_TIME]
            requests = (b"GET /home HTTP/1.1\r\nHost: test\r\nX-Key: " + key + b"\r\n\r\n" for key in batch)
            connection.sendall(b"".join(requests))
            then(len(batch))
            yield from (_answer(answers) for _ in batch)


def _answer(stream: IO[bytes]) -> Told:
    stream.readline()
    headers = {}
    while line := stream.readline().strip():
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers[b"content-length"]))
    return body, headers.get(b"x-served-by", b""), headers.get(b"x-ring-slot", b"")
