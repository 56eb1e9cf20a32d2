"""A tunnel: the bytes of a connection from an edge to one of the balancer's unix sockets, and back."""

from __future__ import annotations

import asyncio
from pathlib import Path

_PART = 64 * 1024
"""Bytes that are carried at once."""
_GOODBYE = 5.0
"""Seconds in which the other side takes what was still to be sent when a connection ends."""


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: Path, first: bytes) -> None:
    """Carries bytes between the edge and the socket `target` until one of them ends. `first`: what the edge has sent
    already. What a side sent before its end is delivered. The end of the edge's half is the end of both, since TLS
    connections here have no half. Raises OSError."""
    inner, outer = await asyncio.open_unix_connection(target)
    try:
        outer.write(first)
        up, down = asyncio.create_task(_copy(reader, outer)), asyncio.create_task(_copy(inner, writer))
        try:
            done, _ = await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            up.cancel()
            down.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
        for task in done:
            task.result()
    finally:
        await end(outer)


async def end(writer: asyncio.StreamWriter) -> None:
    """The end of a connection, once the other side has got what was still to be sent."""
    writer.close()
    try:
        async with asyncio.timeout(_GOODBYE):
            await writer.wait_closed()
    except OSError:
        writer.transport.abort()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while part := await source.read(_PART):
        target.write(part)
        await target.drain()
