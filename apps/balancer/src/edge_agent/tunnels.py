"""The tunnels: the balancer's sockets in HAProxy's folder, and each connection to them carried to the hub."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from balancer.adapters.edges.wire import TUNNELS, line
from edge_agent.hub import Connection

MOST = 160
"""The most connections at once: twice the places of haproxy.cfg, as after a reload the process before it still has its
own, and some more. Others wait."""

_BACKLOG = 1024
_HANG_UP = 1.0
"""Seconds until it is noticed that HAProxy, which had closed one side, has closed the other, too."""
_PART = 65536
"""Bytes that are carried at once."""


class Tunnels:
    """`directory`: HAProxy's folder. What listens there is for this user alone."""

    def __init__(self, directory: Path) -> None:
        self._paths = {name: directory / name for name in TUNNELS}
        self._servers: list[asyncio.Server] = []
        self._carried: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(MOST)

    async def open(self, connect: Callable[[], Awaitable[Connection]]) -> None:
        """Listens. `connect`: a new connection to the hub. Raises OSError."""
        for name, path in self._paths.items():
            path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            path.chmod(0o600)
            carry = partial(self._accept, name, connect)
            self._servers.append(await asyncio.start_unix_server(carry, sock=listener, backlog=_BACKLOG))

    def close(self) -> None:
        """Nobody listens any more, and what was carried ends."""
        for path in self._paths.values():
            path.unlink(missing_ok=True)
        for server in self._servers:
            server.close()
        for task in self._carried:
            task.cancel()
        self._servers.clear()

    async def _accept(
        self,
        name: str,
        connect: Callable[[], Awaitable[Connection]],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (for mypy: this is a task)
        self._carried.add(task)
        try:
            async with self._places:
                with suppress(OSError):
                    await _carry(name, Connection(reader, writer), await connect())
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._carried.discard(task)
            writer.close()


async def _carry(name: str, edge: Connection, hub: Connection) -> None:
    """Until either side has closed. HAProxy may close only its sending side and still get its answer; with TLS the hub
    is not told of that, and always closes both."""
    hub.writer.write(line({"tunnel": name}))
    there = asyncio.create_task(_copy(edge.reader, hub.writer))
    back = asyncio.create_task(_copy(hub.reader, edge.writer))
    try:
        await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        while not back.done() and not _has_hung_up(edge.writer):
            await asyncio.wait({back}, timeout=_HANG_UP)
        there.cancel()
        edge.writer.close()
        hub.writer.close()
        await hub.writer.wait_closed()
    finally:
        there.cancel()
        back.cancel()
        hub.writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(_PART):
            writer.write(part)
            await writer.drain()


def _has_hung_up(writer: asyncio.StreamWriter) -> bool:
    """Whether the other end of a unix socket has closed both sides."""
    poll = select.poll()
    poll.register(writer.get_extra_info("socket"), 0)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))
