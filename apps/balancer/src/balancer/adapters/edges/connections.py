"""The connections that come to the hub: TLS, the first line, and then a stream or a tunnel. There are bounds to all."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from balancer.adapters.edges import tunnel
from balancer.adapters.edges.known_edge import KnownEdge
from balancer.adapters.edges.lines import Lines, NotSpoken
from balancer.adapters.edges.tls import Certificates, is_of
from balancer.adapters.edges.wire import EDGE_NAME, LONGEST_LINE, TUNNELS
from balancer.core.edge import NODE

_log = logging.getLogger(__name__)
_MOST = 1024
"""Connections at once, tunnels that wait for their turn included."""
_MOST_STRANGERS = 256
"""Connections of one address at once that have not agreed on TLS yet: a server, which can reach the hub and has no
certificate, takes no edge's place. An edge's tunnels all fit."""
_MOST_TUNNELS = 80
"""Tunnels at once: a few more than gunicorn has threads."""
_TURN = 10.0
"""Seconds that a tunnel waits for its turn, as a request waits for its place at an edge."""
_FIRST = 5.0
"""Seconds until TLS is agreed on, and again until the first line is there."""
_FIRST_LINE = 1024
"""Bytes."""
_BUFFER = 64 * 1024
"""Bytes that a connection reads ahead."""
_DEAD = {socket.TCP_KEEPIDLE: 5, socket.TCP_KEEPINTVL: 2, socket.TCP_KEEPCNT: 3, socket.TCP_USER_TIMEOUT: 10_000}
"""A tunnel to a node that is gone ends within about ten seconds, however quiet it was."""


class Connections:
    """`edge`: node → the edge whose stream has come."""

    def __init__(self, certificates: Certificates, sockets: Path, edge: Callable[[str], KnownEdge]) -> None:
        self._certificates = certificates
        self._sockets = sockets
        self._edge = edge
        self._turns = asyncio.Semaphore(_MOST_TUNNELS)
        self._open: set[asyncio.Task[None]] = set()
        self._strangers: Counter[str] = Counter()

    async def accept(self, listener: socket.socket) -> None:
        """Takes connections until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, (address, *_) = await loop.sock_accept(listener)
            except OSError as error:  # such as too many open files
                _log.warning("edges' connection not accepted", extra={"reason": str(error)})
                await asyncio.sleep(0.1)
                continue
            if len(self._open) >= _MOST or self._strangers[address] >= _MOST_STRANGERS:
                connection.close()
                continue
            self._strangers[address] += 1
            task = asyncio.create_task(self._serve(connection, address))
            self._open.add(task)
            task.add_done_callback(self._open.discard)

    async def close(self) -> None:
        """Ends all of them."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, connection: socket.socket, address: str) -> None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in _DEAD.items():
                connection.setsockopt(socket.IPPROTO_TCP, option, value)
        try:
            reader, writer = await _agree(connection, self._certificates.context())
        except OSError as error:
            _log.warning("edges' connection refused", extra={"reason": str(error)})
            return
        finally:
            self._strangers -= Counter([address])
        try:
            await self._spoken(reader, writer)
        except (NotSpoken, KeyError, TypeError, ValueError) as error:
            _log.warning("edges' connection ended", extra={"reason": f"not understood: {error}"})
        except (OSError, EOFError) as error:
            _log.debug("edges' connection ended", extra={"reason": str(error)})
        finally:
            await tunnel.end(writer)

    async def _spoken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not is_of(EDGE_NAME, writer.get_extra_info("peercert") or {}):
            raise NotSpoken(f"its certificate is not for {EDGE_NAME}")
        lines = Lines(reader)
        async with asyncio.timeout(_FIRST):
            first = await lines.next(_FIRST_LINE)
        if first.get("tunnel") in TUNNELS:
            async with asyncio.timeout(_TURN):
                await self._turns.acquire()
            try:
                await tunnel.carry(reader, writer, self._sockets / first["tunnel"], lines.rest())
            finally:
                self._turns.release()
        else:
            await _stream(self._edge(_node(first)), lines, writer)


async def _agree(
    connection: socket.socket, context: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """TLS. Raises OSError."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_BUFFER)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol, connection, ssl=context, ssl_handshake_timeout=_FIRST, ssl_shutdown_timeout=_FIRST
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def _node(first: dict[str, Any]) -> str:
    node = first["edge"]["node"]
    if not (isinstance(node, str) and NODE.fullmatch(node)):
        raise NotSpoken("the node has no name")
    return node


async def _stream(edge: KnownEdge, lines: Lines, writer: asyncio.StreamWriter) -> None:
    """Until the stream ends, or the edge has another one, or loses its lease."""
    hearing, saying = (asyncio.create_task(task) for task in (_hear(edge, lines), _say(edge, writer)))

    def end() -> None:
        hearing.cancel()
        saying.cancel()

    lines.heard = edge.hear
    edge.begin(end)
    try:
        done, _ = await asyncio.wait({hearing, saying}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled():
                task.result()
    finally:
        edge.ended(end)
        end()
        await asyncio.gather(hearing, saying, return_exceptions=True)


async def _hear(edge: KnownEdge, lines: Lines) -> None:
    while True:
        edge.told(await lines.next(LONGEST_LINE))


async def _say(edge: KnownEdge, writer: asyncio.StreamWriter) -> None:
    """An edge that reads slowly holds up nobody else, and gets only the newest files."""
    while True:
        while said := edge.next_line():
            writer.write(said)
            await writer.drain()
        edge.news.clear()
        await edge.news.wait()
