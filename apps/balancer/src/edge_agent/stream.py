"""The stream to the hub: what the hub says goes to the work, and beats and answers go to the hub."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from balancer.adapters.edges.wire import BEAT, VERBS, files_of, line
from balancer.adapters.haproxy.edge_files import EdgeFiles
from edge_agent.hub import Connection
from edge_agent.work import Ask, Work

_ARGUMENTS: Mapping[str, Mapping[str, type]] = {"close_idle": {"instance": str}}
"""verb → the names and types of its arguments, for those that have any."""


class Nonsense(Exception):
    """The hub said what this agent does not know."""


class Stream:
    """`changed` is set where the work's beat says something else. `accepted` is set when the hub has said something,
    or has kept the connection for a beat: only then is it known that it takes the agent's certificate."""

    def __init__(self, connection: Connection, work: Work, changed: asyncio.Event) -> None:
        self._reader, self._writer = connection.reader, connection.writer
        self._work = work
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self.accepted = asyncio.Event()
        self._told: EdgeFiles | None = None

    async def run(self, node: str) -> None:
        """Returns when the hub ends the stream. Raises OSError, Nonsense."""
        self._say({"edge": {"node": node}})
        beats = asyncio.create_task(self._beat())
        try:
            while (text := await self._line()).endswith(b"\n"):
                self._hear(text)
                self.accepted.set()
        finally:
            beats.cancel()
            self._writer.transport.abort()

    async def _beat(self) -> None:
        with suppress(OSError):
            while True:
                self._changed.clear()
                self._say({"beat": asdict(self._work.beat)})
                await self._writer.drain()
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT):
                        await self._changed.wait()
                        continue
                self.accepted.set()

    async def _line(self) -> bytes:
        try:
            return await self._reader.readline()
        except ValueError as error:
            raise Nonsense("too long a line") from error

    def _hear(self, text: bytes) -> None:
        try:
            document = json.loads(text)
            if "files" in document:
                self._told = files_of(document["files"], self._told)
                self._work.obey(self._told)
            else:
                self._work.ask(self._ask(**document))
        except Exception as error:  # whatever is wrong with it
            raise Nonsense(f"{text[:80]!r}: {error!r}") from error

    def _ask(self, *, ask: str, id: int, **arguments: Any) -> Ask:  # noqa: A002 (the line's words)
        if ask not in VERBS or {name: type(value) for name, value in arguments.items()} != _ARGUMENTS.get(ask, {}):
            raise Nonsense("no such ask")

        def answer(result: dict[str, Any]) -> None:
            self._loop.call_soon_threadsafe(self._say, {"answer": id, **result})

        return Ask(ask, arguments, answer)

    def _say(self, document: Mapping[str, Any]) -> None:
        if not self._writer.is_closing():
            self._writer.write(line(document))
