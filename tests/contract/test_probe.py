"""What every Probe promises: HTTP over a socket and the one in memory alike."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from types import TracebackType
from typing import Protocol, Self

import pytest

from balancer.adapters.http_probe import HttpProbe
from balancer.ports.probe import Probe
from tests.fakes.probe import FakeProbe
from tests.fakes.runtime import FakeRuntime

TIMEOUT = 0.3
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class LoopbackServer:
    """Answers every connection with `pieces`, `pause` seconds between two of them; `requests` is what it was sent."""

    def __init__(self, *pieces: bytes, pause: float = 0.0) -> None:
        self.pieces, self.pause = pieces, pause
        self.requests: list[bytes] = []
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._serve, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._closing.is_set():
            self._closing.set()
            self._listener.shutdown(socket.SHUT_RDWR)
            for thread in self._threads:
                thread.join()
            self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._answer, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _answer(self, connection: socket.socket) -> None:
        with closing(connection), suppress(OSError):
            self.requests.append(connection.recv(65536))
            for number, piece in enumerate(self.pieces):
                if number and self._closing.wait(self.pause):
                    return
                connection.sendall(piece)


class ProbeBench(Protocol):
    """One server that answers its heartbeat at first."""

    @property
    def probe(self) -> Probe: ...

    @property
    def address(self) -> str: ...

    def hang(self) -> None: ...

    def recover(self) -> None: ...

    def die(self) -> None: ...


class FakeBench:
    def __init__(self) -> None:
        runtime = FakeRuntime()
        runtime.start("S1", 1)
        self.probe = FakeProbe(runtime)
        self.address = runtime.observe()["S1"].address
        self.hang = lambda: runtime.hang("S1")
        self.recover = lambda: runtime.wake("S1")
        self.die = lambda: runtime.die("S1")


class HttpBench:
    def __init__(self, server: LoopbackServer) -> None:
        self.probe = HttpProbe(path="/heartbeat", timeout=TIMEOUT)
        self.address = server.address
        self._server = server

    def hang(self) -> None:
        self._server.pieces, self._server.pause = (b"", OK), 2 * TIMEOUT

    def recover(self) -> None:
        self._server.pieces = (OK,)

    def die(self) -> None:
        self._server.__exit__(None, None, None)


@pytest.fixture(params=["fake", "http"])
def bench(request: pytest.FixtureRequest) -> Iterator[ProbeBench]:
    if request.param == "fake":
        yield FakeBench()
    else:
        with LoopbackServer(OK) as server:
            yield HttpBench(server)


def test_a_server_that_is_well_is_alive(bench: ProbeBench) -> None:
    assert bench.probe.alive(bench.address)


def test_a_server_that_hangs_is_not_alive_until_it_answers_again(bench: ProbeBench) -> None:
    bench.hang()
    assert not bench.probe.alive(bench.address)
    bench.recover()
    assert bench.probe.alive(bench.address)


def test_a_server_that_has_ended_is_not_alive(bench: ProbeBench) -> None:
    bench.die()
    assert not bench.probe.alive(bench.address)


def test_a_server_without_an_address_is_not_alive(bench: ProbeBench) -> None:
    assert not bench.probe.alive("")


# What only HTTP can show.


def probe(*pieces: bytes, pause: float = 0.0) -> bool:
    with LoopbackServer(*pieces, pause=pause) as server:
        return HttpProbe(path="/heartbeat", timeout=TIMEOUT).alive(server.address)


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nOK",
        b"HTTP/1.1 200 Quite well\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
    ],
)
def test_200_is_alive_whatever_comes_with_it(answer: bytes) -> None:
    assert probe(answer)


@pytest.mark.parametrize(
    "status", ["201 Created", "204 No Content", "302 Found", "404 Not Found", "500 Failed", "503 "]
)
def test_any_other_status_is_not_alive(status: str) -> None:
    assert not probe(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nLocation: /home\r\n\r\n".encode())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"200\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 20",
        b"\x00\xff\xfe" * 1000,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"x" * 200_000,
    ],
)
def test_garbage_is_not_alive(answer: bytes) -> None:
    assert not probe(answer)


def test_an_answer_in_two_pieces_is_alive() -> None:
    assert probe(b"HTTP/1.1 2", b"00 OK\r\nContent-Le", b"ngth: 0\r\n\r\n", pause=0.02)


@pytest.mark.parametrize(
    "answer", [OK, b"HTTP/1.1 200 OK\r\n" + b"X-Long: 1\r\n" * 20 + b"\r\n"], ids=["short", "long"]
)
def test_an_answer_that_drips_is_late_as_a_whole(answer: bytes) -> None:
    """No single byte keeps the probe waiting for longer than its timeout."""
    pieces = [answer[at : at + 1] for at in range(len(answer))]
    began = time.monotonic()
    assert not probe(*pieces, pause=TIMEOUT / 5)
    assert time.monotonic() - began < 3 * TIMEOUT


def test_an_answer_whose_end_is_late_is_late() -> None:
    """Neither half keeps it waiting for as long as its timeout."""
    assert not probe(b"", b"HTTP/1.1 ", b"200 OK\r\n\r\n", pause=0.8 * TIMEOUT)


def test_nobody_there_is_not_alive_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    assert not HttpProbe(path="/heartbeat", timeout=TIMEOUT).alive(address)


def test_a_full_backlog_is_not_alive_in_time() -> None:
    """A process that is frozen: the kernel answers for it until its queue is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        for _ in range(3):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(address)
        began = time.monotonic()
        assert not HttpProbe(path="/heartbeat", timeout=TIMEOUT).alive(f"127.0.0.1:{address[1]}")
        assert time.monotonic() - began < 3 * TIMEOUT


def test_the_request_is_what_a_server_expects() -> None:
    with LoopbackServer(OK) as server:
        assert HttpProbe(path="/health?deep=1", timeout=TIMEOUT).alive(server.address)
    line, *headers = server.requests[0].decode().split("\r\n")
    assert line == "GET /health?deep=1 HTTP/1.1"
    assert f"Host: {server.address}" in headers
    assert "Connection: close" in headers
