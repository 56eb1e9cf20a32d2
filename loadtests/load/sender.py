"""Sends requests and tells what became of them, in a process of its own. It never repeats one.

With a rate requests begin at their times, whatever became of those before them; without one they begin as soon as
fewer than `most_open` are open. Connections are kept as any client does.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from random import Random
from urllib.parse import urlsplit

from loadtests.traffic import KEY, POST_ID, SERVED_BY, Request

_SLOW = "/slow?seconds=1"
_TIMEOUT = 90.0
_IDLE = 30.0
"""Seconds after which a client gives up a connection that it does not need; the edge would after 60."""
_REPORT_EVERY = 0.1
_BURST = 0.1
"""Seconds whose requests are made up for when this machine was too busy to send them in time."""

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """What is sent to `url`. `rate`: requests a second; 0: as fast as they are answered. `requests`: how many; 0: until
    it is told to stop. Every `post_every`th is a POST, every `slow_every`th takes a second; 0: none. Each of `keys` has
    its turn; where there are none, one of so many `users` is drawn; 0: no key. `last_within`: seconds that open
    requests get at the end; what is open then has failed."""

    url: str
    rate: float = 0.0
    requests: int = 0
    most_open: int = 400
    path: str = "/home"
    post_every: int = 0
    slow_every: int = 0
    keys: tuple[str, ...] = ()
    users: int = 0
    seed: int = 0
    last_within: float = 10.0


@dataclass(frozen=True, slots=True)
class Report:
    """What the sender knows at the time `at`. `ended`: since the last report; `sent`: since the start; `left_out`: how
    many were not sent as too many were open; `oldest`: when the oldest open one began, `at` where none is."""

    at: float
    ended: list[Request]
    sent: int
    left_out: int
    oldest: float
    is_last: bool = False


def main(plan: LoadPlan, outbox: Connection, stop: Event) -> None:
    """An interrupt from the keyboard reaches this process, too."""
    with suppress(KeyboardInterrupt, BrokenPipeError):
        asyncio.run(_Sender(plan, outbox, stop).run())


@dataclass(slots=True)
class _Sender:
    plan: LoadPlan
    outbox: Connection
    stop: Event
    sent: int = 0
    left_out: int = 0
    ended: list[Request] = field(default_factory=list)
    open: dict[asyncio.Task[None], float] = field(default_factory=dict)
    kept: list[tuple[Stream, float]] = field(default_factory=list)
    chance: Random = field(default_factory=Random)

    async def run(self) -> None:
        self.chance.seed(self.plan.seed)
        reporting = asyncio.create_task(self._report_always())
        await self._send_all()
        if self.open:
            await asyncio.wait(self.open, timeout=self.plan.last_within)
        for task in list(self.open):
            task.cancel()
        await asyncio.gather(*self.open, return_exceptions=True)
        reporting.cancel()
        self._report(is_last=True)

    async def _send_all(self) -> None:
        plan, due = self.plan, time.monotonic()
        for number in range(plan.requests) if plan.requests else count():
            if plan.rate:
                due = max(due + 1 / plan.rate, time.monotonic() - _BURST)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            while not plan.rate and len(self.open) >= plan.most_open and not self.stop.is_set():
                await asyncio.wait(self.open, timeout=_REPORT_EVERY, return_when=asyncio.FIRST_COMPLETED)
            if self.stop.is_set():
                return
            if len(self.open) >= plan.most_open:
                self.left_out += 1
                continue
            self.sent += 1
            task = asyncio.create_task(self._send(number))
            self.open[task] = time.monotonic()
            task.add_done_callback(self.open.pop)

    async def _report_always(self) -> None:
        while True:
            self._report()
            await asyncio.sleep(_REPORT_EVERY)

    def _report(self, *, is_last: bool = False) -> None:
        ended, self.ended = self.ended, []
        now = time.monotonic()
        oldest = min(self.open.values(), default=now)
        self.outbox.send(Report(now, ended, self.sent, self.left_out, oldest, is_last))

    async def _send(self, number: int) -> None:
        plan = self.plan
        post = str(number) if plan.post_every and number % plan.post_every == 0 else ""
        is_slow = bool(plan.slow_every) and number % plan.slow_every == 1
        path = "/echo" if post else _SLOW if is_slow else plan.path
        key = self._key(number)
        began, status, headers, error = time.monotonic(), 0, dict[str, str](), ""
        stream = self._idle()
        kind = "kept" if stream else "new"
        try:
            async with asyncio.timeout(_TIMEOUT):
                stream = stream or await asyncio.open_connection(*self._address())
                stream[1].write(self._message(path, key, post))
                status, headers = await _head(stream[0])
                await _read_body(stream[0], headers)
                self._keep(stream, headers)
        except (OSError, EOFError, LookupError, ValueError) as failure:
            error = f"{type(failure).__name__} on a {kind} connection: {failure}"
        except asyncio.CancelledError:
            error = f"unanswered: open for {time.monotonic() - began:.1f} s when the load ended"
        if error and stream:
            stream[1].transport.abort()
        self.ended.append(
            Request(
                key=key,
                post=post,
                own=own_seconds(path),
                began=began,
                ended=time.monotonic(),
                status=status,
                attempt=int(headers.get("x-ring-attempt", 0)),
                server=headers.get(SERVED_BY.lower(), ""),
                error=error,
            )
        )

    def _key(self, number: int) -> str:
        if self.plan.keys:
            return self.plan.keys[number % len(self.plan.keys)]
        return str(self.chance.randrange(self.plan.users)) if self.plan.users else ""

    def _address(self) -> tuple[str | None, int | None]:
        address = urlsplit(self.plan.url)
        return address.hostname, address.port

    def _message(self, path: str, key: str, post: str) -> bytes:
        head = f"{path} HTTP/1.1\r\nHost: {urlsplit(self.plan.url).netloc}\r\n"
        head += f"{KEY}: {key}\r\n" if key else ""
        if post:
            return f"POST {head}{POST_ID}: <{post}>\r\nContent-Length: 1\r\n\r\nx".encode()
        return f"GET {head}\r\n".encode()

    def _idle(self) -> Stream | None:
        """The connection that was used last; those that the other side has closed, or nobody needed for long, go."""
        while self.kept:
            stream, since = self.kept.pop()
            if not stream[0].at_eof() and time.monotonic() - since < _IDLE:
                return stream
            stream[1].close()
        return None

    def _keep(self, stream: Stream, headers: Mapping[str, str]) -> None:
        if headers.get("connection", "").lower() == "close":
            stream[1].close()
        else:
            self.kept.append((stream, time.monotonic()))


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Status and headers, their names in small letters."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = (re.split(r":\s*", line, maxsplit=1) for line in lines[1:] if line)
    return int(lines[0].split()[1]), {name.lower(): value for name, value in fields}


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> None:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        await reader.readexactly(int(headers["content-length"]))
        return
    while size := int(await reader.readuntil(b"\r\n"), 16):
        await reader.readexactly(size + 2)
    await reader.readexactly(2)


def own_seconds(path: str) -> float:
    """What /slow and /drip are asked to take."""
    found = re.search(r"[?&]seconds=([\d.]+)", path)
    return float(found[1]) if found else 0.0
