"""Very many keyed requests over one connection, each time as many as fit into the edge's buffer."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO

_AT_A_TIME = 4096
"""Bytes of requests."""

Told = tuple[bytes, bytes, bytes]
"""What a server calls itself, and what the plane calls the server and the slot."""


def ask_all(
    connection: socket.socket, keys: Sequence[bytes], *, then: Callable[[int], object] = lambda sent: None
) -> Iterator[Told]:
    """What a plane answers to requests with these keys in X-Key. After every batch comes `then`, with its size."""
    with connection.makefile("rb") as answers:
        for batch in _batches(b"GET /home HTTP/1.1\r\nHost: test\r\nX-Key: " + key + b"\r\n\r\n" for key in keys):
            connection.sendall(b"".join(batch))
            then(len(batch))
            yield from (_answer(answers) for _ in batch)


def _batches(requests: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for request in requests:
        if batch and sum(map(len, batch)) + len(request) > _AT_A_TIME:
            yield batch
            batch = []
        batch.append(request)
    yield batch


def _answer(stream: IO[bytes]) -> Told:
    stream.readline()
    headers = {}
    while line := stream.readline().strip():
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers[b"content-length"]))
    return body, headers.get(b"x-served-by", b""), headers.get(b"x-ring-slot", b"")
