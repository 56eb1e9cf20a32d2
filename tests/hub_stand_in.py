"""Somebody where the edge agents expect the hub. It speaks adapters/edges/wire.py, leads tunnels to sockets of its own,
and decides nothing."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from balancer.adapters.edges.wire import EDGE_NAME, HUB_NAME, LONGEST_LINE, TUNNELS, Beat, files_document, line
from balancer.adapters.haproxy.edge_files import EdgeFiles
from tests.certificates import Authority
from tests.polling import until


class AgentStream:
    """One agent's stream: what it said."""

    def __init__(self, node: str, writer: asyncio.StreamWriter) -> None:
        self.node = node
        self.writer = writer
        self.beats: list[Beat] = []
        self.answers: dict[int, Mapping[str, Any]] = {}

    def hear(self, document: Mapping[str, Any]) -> None:
        if "beat" in document:
            self.beats.append(Beat(**document["beat"]))
        else:
            self.answers[document["answer"]] = document


class HubStandIn:
    """`sockets`: the folder of the sockets to which tunnels lead. `port`: 0 for any. `streams`: of all agents that
    came, the latest one last; those that have not ended are in `living`. `refused`: what was wrong with others."""

    def __init__(
        self, authority: Authority, sockets: Path, *, host: str = "127.0.0.1", port: int = 0, name: str = HUB_NAME
    ) -> None:
        self.host = host
        self.port = port
        self.streams: list[AgentStream] = []
        self.living: list[AgentStream] = []
        self.refused: list[str] = []
        self._sockets = sockets
        self._context = _context(authority, name)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._files: EdgeFiles | None = None
        self._asked = 0

    def __enter__(self) -> Self:
        self._loop.set_exception_handler(lambda _, context: self.refused.append(str(context.get("exception"))))
        self._thread.start()
        self._done(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def stream(self) -> AgentStream:
        """The latest agent's, waited for."""
        return until(lambda: next(iter(self.living[::-1]), None), "an agent has come", within=20)

    @property
    def beat(self) -> Beat:
        """The latest word of the latest agent, waited for."""
        stream = self.stream
        return until(lambda: next(iter(stream.beats[::-1]), None), "a beat has come", within=20)

    def offer(self, files: EdgeFiles) -> None:
        """Says them to all agents that there are, and to all that come."""
        self._files = files
        for stream in self.living:
            self.say(stream, {"files": files_document(files)})

    def obeyed(self, files: EdgeFiles, within: float = 10) -> None:
        until(lambda: self.beat.obeys == files.name, "the edge obeys the files", within=within)

    def ask(self, verb: str, **arguments: Any) -> int:
        """Asks the latest agent; returns the number of the question."""
        self._asked += 1
        self.say(self.stream, {"ask": verb, "id": self._asked, **arguments})
        return self._asked

    def answer(self, verb: str, **arguments: Any) -> Mapping[str, Any]:
        stream, number = self.stream, self.ask(verb, **arguments)
        return until(lambda: stream.answers.get(number), f"{verb} is answered", within=10)

    def say(self, stream: AgentStream, document: Mapping[str, Any]) -> None:
        self.say_bytes(stream, line(document))

    def say_bytes(self, stream: AgentStream, said: bytes) -> None:
        self._loop.call_soon_threadsafe(stream.writer.write, said)

    def close(self, stream: AgentStream) -> None:
        self._loop.call_soon_threadsafe(stream.writer.close)

    def _done(self, coroutine: Any) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        future.result(timeout=20)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, self.host, self.port, ssl=self._context, limit=LONGEST_LINE, ssl_shutdown_timeout=1
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.1)  # for the closing of connections

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.CancelledError):
                names = [name for _, name in writer.get_extra_info("peercert")["subjectAltName"]]
                if names != [EDGE_NAME]:
                    self.refused.append(str(names))
                    return
                first = json.loads(await reader.readline() or b"{}")
                if "edge" in first:
                    await self._stream(first["edge"]["node"], reader, writer)
                elif first.get("tunnel") in TUNNELS:
                    await self._tunnel(first["tunnel"], reader, writer)
        finally:
            writer.close()

    async def _stream(self, node: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = AgentStream(node, writer)
        self.streams.append(stream)
        self.living.append(stream)
        if self._files:
            writer.write(line({"files": files_document(self._files)}))
        try:
            while text := await reader.readline():
                stream.hear(json.loads(text))
        finally:
            self.living.remove(stream)

    async def _tunnel(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_unix_connection(self._sockets / name)
        copies = [
            asyncio.create_task(_copy(reader, there_writer)),
            asyncio.create_task(_copy(there_reader, writer)),
        ]
        try:
            await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        finally:
            _end_all(copies)
            there_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()


def _end_all(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()


def _context(authority: Authority, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    authority.authority.configure_trust(context)
    authority.authority.issue_cert(name).configure_cert(context)
    return context
