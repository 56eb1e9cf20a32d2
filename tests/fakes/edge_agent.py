"""Edges in memory with their agents: they speak the real wire over real TLS, and do what a test tells them."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from balancer.adapters.edges.wire import BEAT, HUB_NAME, VERBS, Beat, files_of, line
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.core.errors import PlaneUnavailable

_AGAIN = 0.05
"""Seconds until an agent whose stream has ended opens another one."""


class FakeEdge:
    """`verbs`: verb → what answers it. `obey` is called with files, and may raise PlaneUnavailable. `delay`: seconds
    that files take. `is_mute`: nothing is said, though the stream stays. `does_hang`: neither files nor asks are looked
    at. `said`: all lines that came, as ("files", name) and ("ask", verb), and "base" or "whole" of each files."""

    def __init__(
        self,
        node: str,
        verbs: Mapping[str, Callable[..., Any]] | None = None,
        obey: Callable[[EdgeFiles], object] = lambda files: None,
    ) -> None:
        self.node = node
        self.verbs = verbs or {}
        self.obey = obey
        self.delay = 0.0
        self.is_mute = False
        self.does_hang = False
        self.is_serving = True
        self.said: list[tuple[str, str]] = []
        self.forms: list[str] = []
        self.files: EdgeFiles | None = None
        self._problem = ""
        self._obeyed: EdgeFiles | None = None

    @property
    def beat(self) -> Beat:
        obeys = self._obeyed.name if self._obeyed and self._obeyed is self.files else ""
        return Beat(obeys=obeys, serving=self.is_serving, problem=self._problem)

    def told(self, files: EdgeFiles) -> None:
        self.files, self._problem = files, ""

    def try_to_obey(self) -> None:
        files = self.files
        if files is None or files is self._obeyed:
            return
        try:
            self.obey(files)
        except PlaneUnavailable as error:
            self._problem = str(error)
        else:
            self._obeyed, self._problem = files, ""

    def answer(self, verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return {"result": VERBS[verb].encode(self.verbs[verb](**arguments))}
        except PlaneUnavailable as error:
            return {"error": str(error)}


class FakeAgents:
    """Agents that run while the block does. `certificates`: their folder."""

    def __init__(self, port: int, certificates: Path) -> None:
        self._port = port
        self._certificates = certificates
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="agents")
        self._running: dict[int, tuple[FakeEdge, asyncio.Task[None]]] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for edge, _ in tuple(self._running.values()):
            self.end(edge)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def begin(self, *edges: FakeEdge) -> None:
        """Their agents connect, and again whenever a stream ends."""

        async def begin(edge: FakeEdge) -> None:
            self._running[id(edge)] = edge, asyncio.create_task(self._run(edge))

        for edge in edges:
            asyncio.run_coroutine_threadsafe(begin(edge), self._loop).result()

    def end(self, edge: FakeEdge) -> None:
        """The agent ends, and its stream with it."""
        _, task = self._running.pop(id(edge))

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()

    async def _run(self, edge: FakeEdge) -> None:
        while True:
            with suppress(OSError):
                await self._stream(edge)
            await asyncio.sleep(_AGAIN)

    async def _stream(self, edge: FakeEdge) -> None:
        context = client_context(self._certificates)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._port, ssl=context, server_hostname=HUB_NAME, limit=2**26, ssl_shutdown_timeout=1
        )
        writer.write(line({"edge": {"node": edge.node}}))
        tasks = [asyncio.create_task(_beat(edge, writer)), asyncio.create_task(_work(edge, reader, writer))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def client_context(folder: Path) -> ssl.SSLContext:
    """Of an agent with these certificates."""
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


async def _beat(edge: FakeEdge, writer: asyncio.StreamWriter) -> None:
    last, ticks = None, 0
    while True:
        if edge.beat.problem:
            edge.try_to_obey()
        if not edge.is_mute and (edge.beat != last or ticks % 5 == 0):
            last = edge.beat
            writer.write(line({"beat": asdict(last)}))
            await writer.drain()
        ticks += 1
        await asyncio.sleep(BEAT / 20)


async def _work(edge: FakeEdge, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    base: EdgeFiles | None = None
    while text := await reader.readline():
        document = json.loads(text)
        while edge.does_hang:
            await asyncio.sleep(0.01)
        if "files" in document:
            edge.forms.append("base" if "base" in document["files"] else "whole")
            base = files_of(document["files"], base)
            edge.said.append(("files", base.name))
            edge.told(base)
            await asyncio.sleep(edge.delay)
            edge.try_to_obey()
            if not edge.is_mute:
                writer.write(line({"beat": asdict(edge.beat)}))
            continue
        verb, number = document.pop("ask"), document.pop("id")
        edge.said.append(("ask", verb))
        answer = edge.answer(verb, document)
        if not edge.is_mute:
            writer.write(line({"answer": number, **answer}))
            await writer.drain()
