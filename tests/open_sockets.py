"""The connections that this process has to a server, as the kernel knows them."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path


@contextmanager
def sockets_to(address: str) -> Iterator[list[socket.socket]]:
    """Twins of all sockets that are connected to "ip:port", until the end of the block."""
    host, _, port = address.rpartition(":")
    with ExitStack() as twins:
        found = [twins.enter_context(_twin(descriptor)) for descriptor in _sockets()]
        yield [twin for twin in found if _peer(twin) == (host, int(port))]


def count_to(address: str) -> int:
    with sockets_to(address) as found:
        return len(found)


def count_all() -> int:
    return len(_sockets())


def _sockets() -> list[int]:
    """The descriptors that are sockets."""
    descriptors = []
    for path in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            if str(path.readlink()).startswith("socket:"):
                descriptors.append(int(path.name))
    return descriptors


def _twin(descriptor: int) -> socket.socket:
    return socket.socket(fileno=os.dup(descriptor))


def _peer(connection: socket.socket) -> tuple[str, int] | None:
    """None where it is of another family, or connected to nobody."""
    try:
        return connection.getpeername()[:2] if connection.family == socket.AF_INET else None
    except OSError:
        return None
