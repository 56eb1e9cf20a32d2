"""Steady load from a process of its own: requests begin at their times, whatever became of those before them.

It never repeats a request, and it keeps connections as any client does.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from queue import SimpleQueue
from random import Random
from threading import Thread
from urllib.parse import urlsplit

from loadtests.fleet.steady import POST_ID, Request

KEY = "X-User"
"""The header that holds a request's key, for ring profiles that ask for one."""

_USERS = 10_000
_POST_EVERY = 10
_SLOW_EVERY = 200
_SLOW_SECONDS = 1
_TIMEOUT = 90.0
_IDLE = 30.0
"""Seconds after which a client gives up a connection that it does not need; the edge would after 60."""
_MOST_OPEN = 400
"""Requests without an answer at a time; while there are so many no more are sent."""
_REPORT_EVERY = 0.1
_BURST = 0.1
"""Seconds whose requests are made up for when this machine was too busy to send them in time."""
_START_WITHIN = 30.0

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Load:
    """What has become of the requests. Taken in all the time: a pipe that is full would hold up the load."""

    def __init__(self, inbox: Connection) -> None:
        self._inbox = inbox
        self._reports: SimpleQueue[list[Request]] = SimpleQueue()

    def listen(self) -> None:
        """Until the other end is closed."""
        with suppress(EOFError, OSError):
            while True:
                self._reports.put(self._inbox.recv())

    def ended(self) -> list[Request]:
        """Those that have ended since it was asked last."""
        return [request for _ in range(self._reports.qsize()) for request in self._reports.get()]


@contextmanager
def load(url: str, *, rate: float, seed: int) -> Iterator[Load]:
    """`rate` requests a second to `url` while the block runs."""
    spawn = multiprocessing.get_context("spawn")
    inbox, outbox = spawn.Pipe(duplex=False)
    began, stop = spawn.Event(), spawn.Event()
    process = spawn.Process(target=_main, args=(url, rate, seed, outbox, (began, stop)), daemon=True)
    process.start()
    outbox.close()
    found = Load(inbox)
    listener = Thread(target=found.listen, name="load")
    listener.start()
    try:
        if not began.wait(_START_WITHIN):
            raise RuntimeError(f"no load within {_START_WITHIN:g} s")
        yield found
    finally:
        stop.set()
        process.join(timeout=5)
        process.kill()
        process.join()
        listener.join()
        inbox.close()


def _main(url: str, rate: float, seed: int, outbox: Connection, signs: tuple[Event, Event]) -> None:
    """`signs`: it has begun; it is to stop. An interrupt from the keyboard reaches this process, too."""
    with suppress(KeyboardInterrupt, OSError):
        asyncio.run(_Client(url, seed).run(rate, outbox, *signs))


class _Client:
    def __init__(self, url: str, seed: int) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname, address.port
        self._chance = Random(seed)  # noqa: S311 (keys of a load test)
        self._kept: list[tuple[Stream, float]] = []
        self._ended: list[Request] = []

    async def run(self, rate: float, outbox: Connection, began: Event, stop: Event) -> None:
        due = reported = time.monotonic()
        tasks: set[asyncio.Task[None]] = set()
        for number in count():
            if stop.is_set():
                break
            due = max(due + 1 / rate, time.monotonic() - _BURST)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if len(tasks) == _MOST_OPEN:
                continue
            task = asyncio.create_task(self._send(number))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            if time.monotonic() - reported > _REPORT_EVERY and self._ended:
                outbox.send(self._ended)
                self._ended = []
                reported = time.monotonic()
                began.set()
        for task in tasks:
            task.cancel()

    async def _send(self, number: int) -> None:
        post = str(number) if number % _POST_EVERY == 0 else ""
        path = "/echo" if post else f"/slow?seconds={_SLOW_SECONDS}" if number % _SLOW_EVERY == 1 else "/home"
        began = time.monotonic()
        status, headers, error, kind = 0, dict[str, str](), "", "new"
        try:
            async with asyncio.timeout(_TIMEOUT):
                stream = self._idle()
                kind = "kept" if stream else kind
                stream = stream or await asyncio.open_connection(self._host, self._port)
                try:
                    stream[1].write(self._request(path, post))
                    status, headers = await _head(stream[0])
                    await stream[0].readexactly(int(headers["content-length"]))
                except BaseException:
                    stream[1].transport.abort()
                    raise
                if headers.get("connection", "").lower() == "close":
                    stream[1].close()
                else:
                    self._kept.append((stream, time.monotonic()))
        except (OSError, EOFError, LookupError) as failure:
            error = f"{type(failure).__name__} on a {kind} connection: {failure}"
        self._ended.append(
            Request(
                post=post,
                began=began,
                ended=time.monotonic(),
                status=status,
                attempt=int(headers.get("x-ring-attempt", 0)),
                server=headers.get("x-served-by", ""),
                error=error,
            )
        )

    def _request(self, path: str, post: str) -> bytes:
        key = f"Host: {self._host}\r\n{KEY}: {self._chance.randrange(_USERS)}\r\n"
        if post:
            return f"POST {path} HTTP/1.1\r\n{key}{POST_ID}: <{post}>\r\nContent-Length: 1\r\n\r\nx".encode()
        return f"GET {path} HTTP/1.1\r\n{key}\r\n".encode()

    def _idle(self) -> Stream | None:
        """The connection that was used last; those that the other side has closed, or nobody needed for long, go."""
        while self._kept:
            stream, since = self._kept.pop()
            if not stream[0].at_eof() and time.monotonic() - since < _IDLE:
                return stream
            stream[1].close()
        return None


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Status and headers, their names in small letters."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = (re.split(r":\s*", line, maxsplit=1) for line in lines[1:] if line)
    return int(lines[0].split()[1]), {name.lower(): value for name, value in fields}
