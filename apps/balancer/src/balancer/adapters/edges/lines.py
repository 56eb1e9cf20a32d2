"""The lines that come in on a connection: each of a bounded length, and none of them awaited for ever."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

_PART = 256 * 1024
"""Bytes that are read at once."""


class NotSpoken(Exception):
    """The other side said what is no line of the wire."""


class Lines:
    """`heard` is called whenever bytes have come."""

    def __init__(self, reader: asyncio.StreamReader, *, heard: Callable[[], None] = lambda: None) -> None:
        self._reader = reader
        self.heard = heard
        self._parts = bytearray()

    async def next(self, longest: int) -> dict[str, Any]:
        """The next line's JSON object. Raises EOFError where there is none, NotSpoken where the line has more than
        `longest` bytes or is no object, TimeoutError and OSError."""
        searched = 0
        while (end := self._parts.find(b"\n", searched)) < 0:
            searched = len(self._parts)
            if searched > longest:
                raise NotSpoken(f"a line is longer than {longest} bytes")
            part = await self._reader.read(_PART)
            if not part:
                raise EOFError("the connection has ended")
            self.heard()
            self._parts += part
        line = bytes(self._parts[:end])
        del self._parts[: end + 1]
        if end > longest:
            raise NotSpoken(f"a line is longer than {longest} bytes")
        return _object(line)

    def rest(self) -> bytes:
        """What came after the last line."""
        rest = bytes(self._parts)
        self._parts.clear()
        return rest


def _object(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NotSpoken(f"no JSON: {error}") from error
    if not isinstance(said, dict):
        raise NotSpoken("no JSON object")
    return said
