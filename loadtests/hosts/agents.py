"""Simulated agents: a process of its own in which so many of them speak the wire over TLS, and obey on paper.

Only the first one reads the files as a real agent does: the others take their name. So the machine's time is the
balancer's, as it is where every edge has a machine of its own."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from balancer.adapters.edges.wire import BEAT, HUB_NAME, Beat, files_of, line
from balancer.adapters.haproxy.edge_files import EdgeFiles
from tests.fakes.edge_agent import client_context


@dataclass
class Orders:
    """What the agents do from now on. `slow`: so many of them take a second for files. `silent`: so many say nothing.
    `answers`: verb → the JSON of a result. `requests`: so many go through tunnels of their own, ten at a time."""

    slow: int = 0
    silent: int = 0
    answers: Mapping[str, str] = field(default_factory=dict)
    requests: int = 0


@dataclass
class Heard:
    """What came in since the last orders. `bytes`, `said`: to and from the agents, without TLS. `checked`: files that
    were read whole."""

    bytes: int = 0
    said: int = 0
    checked: int = 0


@dataclass
class _Present:
    orders: Orders = field(default_factory=Orders)
    heard: Heard = field(default_factory=Heard)


class Agents:
    """The process, as whoever started it sees it."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def order(self, orders: Orders) -> Heard:
        """What they heard since the orders before."""
        self._pipe.send(orders)
        heard: Heard = self._pipe.recv()
        return heard


@contextmanager
def agents(count: int, port: int, certificates: Path) -> Iterator[Agents]:
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_main, args=(theirs, count, port, certificates), daemon=True)
    process.start()
    try:
        yield Agents(ours)
    finally:
        process.terminate()
        process.join()


def _main(pipe: Connection, count: int, port: int, certificates: Path) -> None:
    asyncio.run(_run(pipe, count, port, certificates))


async def _run(pipe: Connection, count: int, port: int, certificates: Path) -> None:
    present, loop = _Present(), asyncio.get_running_loop()
    tunnels: list[asyncio.Task[None]] = []

    def take() -> None:
        present.orders = pipe.recv()
        pipe.send(present.heard)
        present.heard = Heard()
        each = present.orders.requests // 10
        tunnels.extend(loop.create_task(_requests(each, port, certificates)) for _ in range(10))

    loop.add_reader(pipe.fileno(), take)
    await asyncio.gather(*(_live(number, port, certificates, present) for number in range(count)))


async def _requests(count: int, port: int, certificates: Path) -> None:
    for _ in range(count):
        reader, writer = await _connected(port, certificates)
        writer.write(line({"tunnel": "balancer.sock"}) + b"GET /rep HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.read()
        writer.close()


async def _connected(port: int, certificates: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(
        "127.0.0.1", port, ssl=client_context(certificates), server_hostname=HUB_NAME, limit=2**26
    )


async def _live(number: int, port: int, certificates: Path, present: _Present) -> None:
    while True:
        try:
            await _stream(number, port, certificates, present)
        except OSError:
            await asyncio.sleep(BEAT)


async def _stream(number: int, port: int, certificates: Path, present: _Present) -> None:
    reader, writer = await _connected(port, certificates)
    writer.write(line({"edge": {"node": f"node-{number:03}"}}))
    beat = Beat(serving=True)
    told: EdgeFiles | None = None

    def is_silent() -> bool:
        return number < present.orders.silent

    def say(text: bytes) -> None:
        if not is_silent():
            present.heard.said += len(text)
            writer.write(text)

    async def beats() -> None:
        await asyncio.sleep(BEAT * number / 100)
        while True:
            say(line({"beat": asdict(beat)}))
            await asyncio.sleep(BEAT)

    beating = asyncio.create_task(beats())
    try:
        while text := await reader.readline():
            present.heard.bytes += len(text)
            document = json.loads(text)
            if "ask" in document:
                say(f'{{"answer":{document["id"]},"result":{present.orders.answers[document["ask"]]}}}\n'.encode())
                continue
            if number == 0:
                told = files_of(document["files"], told)
                present.heard.checked += 1
            if number < present.orders.slow:
                await asyncio.sleep(1)
            beat = Beat(obeys=f"{document['files']['digest']}-{document['files']['fixed_digest']}", serving=True)
            say(line({"beat": asdict(beat)}))
    finally:
        beating.cancel()
        writer.close()
