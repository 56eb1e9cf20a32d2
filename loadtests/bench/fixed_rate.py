"""A load generator with a fixed rate: requests are due at even distances, whatever has become of those before (open
loop), and a latency counts from when its request was due. Prints one line of JSON.

The image of the benchmark has a copy of this file, so it is the standard library's alone. Why not a tool:
docs/decisions/0040-latency-at-a-fixed-rate.md.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import re
import select
import socket
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from time import perf_counter_ns
from urllib.parse import urlsplit

_SECOND = 10**9
_GIVEN_UP_AFTER = 10 * _SECOND
"""Without an answer so long after the last request was due, all those that have none are faults."""
_HEAD_START = _SECOND // 100
_AT_ONCE = 65536
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Connection:
    """`number` of the request that it waits for; -1 while it is free, which it is `since` a time."""

    socket: socket.socket
    since: int = 0
    number: int = -1
    received: bytes = b""


class Generator:
    """`latencies`: request → nanoseconds from when it was due to the end of its answer, 0 where it had none.
    `late`: nanoseconds from when a request was due, and a connection free, to when it was sent: what the generator
    itself adds. `faults`: kind → count."""

    def __init__(self, address: tuple[str, int], connections: int) -> None:
        self._address = address
        self._events = select.epoll()
        self._open: dict[int, Connection] = {}
        self._free: deque[Connection] = deque()
        self._requests: Sequence[bytes] = ()
        self._due: list[int] = []
        self.latencies: list[int] = []
        self.late: list[int] = []
        self.faults: Counter[str] = Counter()
        for _ in range(connections):
            self._connect()

    def run(self, requests: Sequence[bytes], rate: float) -> None:
        began = perf_counter_ns() + _HEAD_START
        self._requests, self._due = (
            requests,
            [began + round(number * _SECOND / rate) for number in range(len(requests))],
        )
        self.latencies, self.late = [0] * len(requests), []
        waiting: deque[int] = deque()
        due = answered = 0
        while answered < len(requests):
            now = perf_counter_ns()
            while due < len(requests) and self._due[due] <= now:
                waiting.append(due)
                due += 1
            if now > self._due[-1] + _GIVEN_UP_AFTER:
                self.faults["timeout"] += len(requests) - answered
                return
            while waiting and self._free:
                self._send(self._free.popleft(), waiting.popleft())
            until = self._due[due] if due < len(requests) else self._due[-1] + _GIVEN_UP_AFTER
            # epoll alone would wait for whole milliseconds.
            select.select([self._events], [], [], max(until - perf_counter_ns(), 0) / _SECOND)
            answered += sum(self._receive(self._open[which]) for which, _ in self._events.poll(0))

    def close(self) -> None:
        for connection in self._open.values():
            connection.socket.close()
        self._events.close()

    def _connect(self) -> None:
        connection = Connection(socket.create_connection(self._address, timeout=1))
        connection.socket.setblocking(False)
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open[connection.socket.fileno()] = connection
        self._events.register(connection.socket, select.EPOLLIN)
        self._free.append(connection)

    def _send(self, connection: Connection, number: int) -> None:
        connection.number = number
        self.late.append(perf_counter_ns() - max(self._due[number], connection.since))
        # Where the server has closed it, that is read.
        with suppress(OSError):
            connection.socket.send(self._requests[number])

    def _receive(self, connection: Connection) -> bool:
        """Whether a request has got its answer, or will have none."""
        try:
            received = connection.socket.recv(_AT_ONCE)
        except OSError:
            received = b""
        if not received:
            return self._lose(connection)
        if connection.received:
            received = connection.received + received
        status = _status(received)
        if status is None:
            connection.received = received
            return False
        connection.since = perf_counter_ns()
        self.latencies[connection.number] = connection.since - self._due[connection.number]
        if status != b"200":
            self.faults["status"] += 1
        connection.number, connection.received = -1, b""
        self._free.append(connection)
        return True

    def _lose(self, connection: Connection) -> bool:
        was_free = connection.number < 0
        if was_free:
            self._free.remove(connection)
        else:
            self.faults["read"] += 1
        del self._open[connection.socket.fileno()]
        connection.socket.close()
        self._connect()
        return not was_free


def _status(received: bytes) -> bytes | None:
    """None while the answer is not whole. One without a length is over with what has come of it."""
    head = received.find(b"\r\n\r\n")
    if head < 0:
        return None
    length = _LENGTH.search(received, 0, head)
    if length and len(received) < head + 4 + int(length[1]):
        return None
    return received[9:12]


def percentile(values: Sequence[int], part: float) -> int:
    """The least value that so great a part of the values do not exceed."""
    return sorted(values)[max(ceil(part * len(values)) - 1, 0)]


def told(generator: Generator, warm_up: int) -> dict[str, object]:
    """In microseconds; the first `warm_up` requests are not counted, but their faults are."""
    measured = [latency for latency in generator.latencies[warm_up:] if latency]
    figures = {
        f"{name}_us": round(percentile(measured, part) / 1000) if measured else 0
        for name, part in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999), ("most", 1.0))
    }
    late = round(percentile(generator.late[warm_up:], 0.99) / 1000) if generator.late[warm_up:] else 0
    return {"requests": len(measured), **figures, "late_us": late, "faults": dict(generator.faults)}


def main() -> None:
    asked = _parser().parse_args()
    url = urlsplit(asked.url)
    keys = random.Random(asked.seed)  # noqa: S311 (keys are no secret)
    texts = [_request(url.netloc, url.path, f"user-{key}") for key in range(1, asked.keys + 1)]
    requests = keys.choices(texts, k=round(asked.rate * (asked.warm_up + asked.seconds)))
    with suppress(OSError):
        # The kernel may wake a process 50 µs late, to wake several at once.
        Path("/proc/self/timerslack_ns").write_text("1", encoding="ascii")
    gc.disable()
    generator = Generator((url.hostname or "", url.port or 80), asked.connections)
    try:
        generator.run(requests, asked.rate)
    finally:
        generator.close()
    print(json.dumps(told(generator, round(asked.rate * asked.warm_up))))


def _request(host: str, path: str, key: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-User: {key}\r\n\r\n".encode("ascii")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("url")
    parser.add_argument("--rate", type=float, required=True, help="requests a second")
    parser.add_argument("--seconds", type=float, required=True, help="how long they are counted")
    parser.add_argument("--warm-up", type=float, default=0, help="seconds before (%(default)s)")
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--keys", type=int, required=True, help="how many different keys")
    parser.add_argument("--seed", type=int, required=True, help="of the keys' order")
    return parser


if __name__ == "__main__":
    main()
