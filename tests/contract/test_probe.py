"""What every Probe and all Probes promise: HTTP over a socket and those in memory alike."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from hypothesis import given
from hypothesis import strategies as st

from balancer.adapters.h2_exchange import H2Exchange
from balancer.adapters.http_probe import HttpProbe, HttpProbes
from balancer.adapters.system import SystemClock
from balancer.core.fleet import Server
from balancer.core.heartbeat import Heartbeat
from balancer.core.heartbeat_timeout import HeartbeatTimeout
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.ports.clock import Clock
from balancer.ports.probe import Probe, Probes
from tests.fakes.probe import FakeProbe, FakeProbes
from tests.fakes.runtime import FakeRuntime
from tests.open_sockets import count_to
from tests.polling import until

TIMEOUT = 0.3
ASKED = Heartbeat(timeout=TIMEOUT)
PATIENT = Heartbeat(timeout=20)
"""For whatever is not about time: a busy machine may hold up either side for longer than TIMEOUT."""
LISTENS_ON = 2
"""Seconds that a single heartbeat listens on after its timeout."""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
SETTINGS = b"\0\0\0\4\0\0\0\0\0"
H2_OK = SETTINGS + b"\0\0\1\1\5\0\0\0\1\x88"
"""The frame SETTINGS; then HEADERS of stream 1, which ends it: ":status: 200" of HPACK's table."""


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
            # A connection that is closed while something is unread is reset, and the client may lose the answer.
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(LISTENS_ON)
            while connection.recv(65536):
                pass


@contextmanager
def closing_server(answer: bytes) -> Iterator[str]:
    """Its address. It answers each request and closes the connection at once, as most servers do."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


class ProbeBench(Protocol):
    """One server that answers its heartbeat at first."""

    @property
    def probe(self) -> Probe: ...

    @property
    def probes(self) -> Probes: ...

    @property
    def address(self) -> str: ...

    @property
    def asked(self) -> Heartbeat: ...

    @property
    def patient(self) -> Heartbeat:
        """What is asked where a busy machine must not be what decides."""

    def hang(self) -> None: ...

    def recover(self) -> None: ...

    def die(self) -> None: ...


class FakeBench:
    asked = patient = ASKED

    def __init__(self) -> None:
        runtime = FakeRuntime()
        runtime.start(Server("S1", 1, State.JOINING), Release(heartbeat_timeout=TIMEOUT))
        self.probe = FakeProbe(runtime)
        self.probes = FakeProbes(runtime)
        self.address = runtime.observe()["S1"].address
        self.hang = lambda: runtime.hang("S1")
        self.recover = lambda: runtime.wake("S1")
        self.die = lambda: runtime.die("S1")


def http_probes(*, most: float = 1, clock: Clock | None = None) -> HttpProbes:
    return HttpProbes(timeout=HeartbeatTimeout(most=most), clock=clock or SystemClock())


class HttpBench:
    """`well`: the answer of a server that is well, in the protocol of `asked`."""

    def __init__(self, server: LoopbackServer, well: bytes, asked: Heartbeat) -> None:
        self.probe = HttpProbe()
        self.probes = http_probes()
        self.address = server.address
        self.asked = asked
        self.patient = replace(asked, timeout=PATIENT.timeout)
        self._server = server
        self._well = well

    def hang(self) -> None:
        self._server.pieces, self._server.pause = (b"", self._well), 2 * TIMEOUT

    def recover(self) -> None:
        self._server.pieces = (self._well,)

    def die(self) -> None:
        self._server.__exit__(None, None, None)


@pytest.fixture(params=["fake", "http", "h2c"])
def bench(request: pytest.FixtureRequest) -> Iterator[ProbeBench]:
    if request.param == "fake":
        yield FakeBench()
        return
    well = H2_OK if request.param == "h2c" else OK
    with LoopbackServer(well) as server:
        yield HttpBench(server, well, replace(ASKED, protocol=request.param))


def test_a_server_that_is_well_is_alive(bench: ProbeBench) -> None:
    assert bench.probe.look(bench.address, bench.patient) == ""


def test_a_server_that_hangs_is_not_alive_until_it_answers_again(bench: ProbeBench) -> None:
    bench.hang()
    assert bench.probe.look(bench.address, bench.asked)
    bench.recover()
    assert bench.probe.look(bench.address, bench.patient) == ""


def test_a_server_that_has_ended_is_not_alive(bench: ProbeBench) -> None:
    bench.die()
    assert bench.probe.look(bench.address, bench.asked)


def test_a_server_without_an_address_is_not_alive(bench: ProbeBench) -> None:
    assert bench.probe.look("", bench.asked) == "it has no address on its network"


def results(probes: Probes, count: int) -> list[tuple[int, bool]]:
    """So many results, in the order in which they come."""
    found: list[tuple[int, bool]] = []
    end = time.monotonic() + 30
    while len(found) < count:
        found += probes.ended(within=TIMEOUT)
        assert time.monotonic() < end, f"{count} results, only {found} so far"
    return found


def test_each_heartbeat_ends_once_under_its_own_number(bench: ProbeBench) -> None:
    for number in (3, 5, 8):
        bench.probes.send(number, bench.address, bench.patient)
    assert sorted(results(bench.probes, 3)) == [(3, True), (5, True), (8, True)]
    assert bench.probes.ended(within=0) == []


def test_a_heartbeat_without_an_address_ends_badly(bench: ProbeBench) -> None:
    bench.probes.send(1, "", bench.asked)
    bench.probes.send(2, bench.address, bench.patient)
    assert sorted(results(bench.probes, 2)) == [(1, False), (2, True)]


def test_heartbeats_of_a_server_that_hangs_end_badly(bench: ProbeBench) -> None:
    bench.hang()
    bench.probes.send(1, bench.address, bench.asked)
    assert results(bench.probes, 1) == [(1, False)]
    bench.recover()
    bench.probes.send(2, bench.address, bench.patient)
    assert results(bench.probes, 1) == [(2, True)]


def test_without_heartbeats_it_waits_no_longer_than_it_is_told(bench: ProbeBench) -> None:
    began = time.monotonic()
    assert bench.probes.ended(within=0.05) == []
    assert 0.04 < time.monotonic() - began < 20


# What only HTTP can show.


def test_a_server_that_hangs_delays_no_other() -> None:
    probes = http_probes()
    with LoopbackServer(b"", OK, pause=9) as hung, LoopbackServer(OK) as well:
        for number in range(20):
            probes.send(number, hung.address, ASKED)
        probes.send(20, well.address, PATIENT)
        assert results(probes, 1) == [(20, True)]
        assert results(probes, 20) == [(number, False) for number in range(20)]


def test_a_result_is_told_before_the_time_is_over() -> None:
    probes = http_probes()
    with LoopbackServer(OK) as server:
        probes.send(1, server.address, PATIENT)
        began = time.monotonic()
        while not probes.ended(within=60):
            pass
        assert time.monotonic() - began < 50


def test_while_answers_are_slow_a_heartbeat_may_take_longer() -> None:
    probes, asked = http_probes(most=5), replace(ASKED, timeout=4 * TIMEOUT)
    with LoopbackServer(b"", OK, pause=0.6 * asked.timeout) as slow, LoopbackServer(OK) as well:
        for number in range(8):
            probes.send(number, slow.address, asked)
        assert {alive for _, alive in results(probes, 8)} == {True}
        slow.pause = 1.2 * asked.timeout
        probes.send(8, slow.address, asked)
        probes.send(9, well.address, asked)
        assert results(probes, 2) == [(9, True), (8, True)]


def test_while_nobody_answers_nobody_is_missed_so_soon() -> None:
    """But a server that alone is silent is."""
    probes = http_probes(most=3)
    with LoopbackServer(OK) as well, LoopbackServer(b"", OK, pause=9) as hung:
        probes.send(1, hung.address, ASKED)
        began = time.monotonic()
        assert results(probes, 1) == [(1, False)]
        assert time.monotonic() - began > 2.9 * TIMEOUT
        taken = []
        for _ in range(5):
            probes.send(2, hung.address, ASKED)
            probes.send(3, well.address, ASKED)
            began = time.monotonic()
            assert results(probes, 2) == [(3, True), (2, False)]
            taken.append(time.monotonic() - began)
        assert min(taken) < 2.5 * TIMEOUT


class HeldUpClock(SystemClock):
    """The machine's clock, for a process that was held up for so many seconds."""

    held_up = 0.0

    def now(self) -> float:
        return super().now() + self.held_up


@pytest.fixture
def clock() -> HeldUpClock:
    return HeldUpClock()


def test_an_answer_in_the_socket_counts_however_late_it_is_looked_at(clock: HeldUpClock) -> None:
    probes = http_probes(clock=clock)
    with LoopbackServer(OK) as server:
        probes.send(1, server.address, ASKED)  # over the loopback it is connected at once, and the request goes out
        until(lambda: server.requests, "the request is there", within=5)
    clock.held_up = TIMEOUT  # and the server has ended its answer
    assert probes.ended(within=0) == [(1, True)]


def test_a_process_that_was_held_up_blames_nobody(clock: HeldUpClock) -> None:
    """Even the request had not gone out: the server gets its whole time once more, and no more than that."""
    probes = http_probes(clock=clock)
    with LoopbackServer(OK) as well, LoopbackServer(b"", OK, pause=60) as hung:
        probes.send(1, well.address, ASKED)
        probes.send(2, hung.address, ASKED)
        clock.held_up = 10 * TIMEOUT
        began = time.monotonic()
        assert results(probes, 2) == [(1, True), (2, False)]
        assert TIMEOUT < time.monotonic() - began < 30


def probe(*pieces: bytes, pause: float = 0.0, asked: Heartbeat = PATIENT) -> str:
    with LoopbackServer(*pieces, pause=pause) as server:
        return HttpProbe().look(server.address, asked)


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
    assert probe(answer) == ""


@pytest.mark.parametrize(
    "status", ["201 Created", "204 No Content", "302 Found", "404 Not Found", "500 Failed", "503 "]
)
def test_any_other_status_is_not_alive(status: str) -> None:
    seen = probe(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nLocation: /home\r\n\r\n".encode())
    assert seen == ("302 to /home" if status == "302 Found" else f"answered {status[:3]}")


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
    assert probe(answer) == ("an answer that is not HTTP" if answer else "the connection was closed without an answer")


def test_an_answer_in_two_pieces_is_alive() -> None:
    assert probe(b"HTTP/1.1 2", b"00 OK\r\nContent-Le", b"ngth: 0\r\n\r\n", pause=0.02) == ""


@pytest.mark.parametrize(
    "answer", [OK, b"HTTP/1.1 200 OK\r\n" + b"X-Long: 1\r\n" * 20 + b"\r\n"], ids=["short", "long"]
)
def test_an_answer_that_drips_is_late_as_a_whole(answer: bytes) -> None:
    """No single byte keeps the probe waiting for longer than its timeout."""
    pieces = [answer[at : at + 1] for at in range(len(answer))]
    began = time.monotonic()
    assert (
        "s, allowed 0.3 s" in (seen := probe(*pieces, pause=TIMEOUT / 5, asked=ASKED))
        or seen == "no answer within 0.3 s"
    )
    assert time.monotonic() - began < TIMEOUT + LISTENS_ON + 10


def test_an_answer_whose_end_is_late_is_late() -> None:
    """No part keeps it waiting for as long as its timeout."""
    seen = probe(b"", b"HTTP", b"/1.1", b" 200", b" OK\r\n", b"\r\n", pause=0.8 * TIMEOUT, asked=ASKED)
    assert re.fullmatch(r"answered 200 after [12]\.\d+ s, allowed 0\.3 s", seen)


def kept_by_the_kernel(address: str) -> int:
    """Connections to or from the address that are closed and still kept, in TIME_WAIT or on the way there."""
    port = f":{int(address.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(port in (row[1][-5:], row[2][-5:]) and row[3] in ("04", "05", "06", "08") for row in rows)


def test_of_answered_heartbeats_the_kernel_keeps_no_connection() -> None:
    """It keeps only so many, and a firewall or NAT on the way, too, then packets of everybody are dropped."""
    probes = http_probes()
    with closing_server(OK) as address:
        for number in range(50):
            probes.send(number, address, PATIENT)
            assert results(probes, 1) == [(number, True)]
        until(lambda: not probes.ended(within=0.01) and not kept_by_the_kernel(address), "all are gone", within=2)


def left(probes: HttpProbes, address: str) -> None:
    """Nothing is under way any more, and no connection is open."""
    until(lambda: not probes.ended(within=0.05) and not count_to(address), "the connections are closed", within=5)


def test_a_server_that_keeps_the_connection_open_is_left_all_the_same() -> None:
    probes = http_probes()
    with LoopbackServer(OK, b"", pause=30) as server:
        probes.send(1, server.address, PATIENT)
        assert results(probes, 1) == [(1, True)]
        left(probes, server.address)


@pytest.mark.parametrize("size", [100_000, 10_000_000])
def test_a_server_may_send_more_than_a_heartbeat_wants(size: int) -> None:
    probes = http_probes()
    with LoopbackServer(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * size, pause=0) as server:
        for number in range(3):
            probes.send(number, server.address, PATIENT)
            assert results(probes, 1) == [(number, True)]
        left(probes, server.address)


def test_nobody_there_is_not_alive_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    assert HttpProbe().look(address, PATIENT) == "connection refused"


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
        assert HttpProbe().look(f"127.0.0.1:{address[1]}", ASKED) == "no connection within 0.3 s"
        assert time.monotonic() - began < 30


def test_the_request_is_what_a_server_expects() -> None:
    with LoopbackServer(OK) as server:
        assert HttpProbe().look(server.address, replace(PATIENT, path="/health?deep=1")) == ""
    line, *headers = server.requests[0].decode().split("\r\n")
    assert line == "GET /health?deep=1 HTTP/1.1"
    assert f"Host: {server.address}" in headers
    assert "Connection: close" in headers


def test_a_server_that_is_never_heard_of_has_no_answer() -> None:
    assert probe(b"", OK, pause=9, asked=ASKED) == "no answer within 0.3 s"


def test_a_server_is_asked_by_the_host_that_it_answers_to() -> None:
    with LoopbackServer(OK) as server:
        assert HttpProbe().look(server.address, replace(PATIENT, host="shop.example")) == ""
    assert b"\r\nHost: shop.example\r\n" in server.requests[0]


@pytest.mark.parametrize(
    ("good", "seen"), [("200", "answered 204"), ("200,204", ""), ("200-299", ""), ("300-399", "answered 204")]
)
def test_a_server_is_well_by_the_statuses_that_it_is_asked_for(good: str, seen: str) -> None:
    asked = replace(PATIENT, status=good)
    assert probe(b"HTTP/1.1 204 No Content\r\n\r\n", asked=asked) == seen
    probes = http_probes()
    with LoopbackServer(b"HTTP/1.1 204 No Content\r\n\r\n") as server:
        probes.send(1, server.address, asked)
        assert results(probes, 1) == [(1, not seen)]


@pytest.mark.parametrize("location", ["", "x y", "\x01", "é"])
def test_nothing_that_is_no_address_is_quoted_from_an_answer(location: str) -> None:
    seen = probe(f"HTTP/1.1 301 Moved\r\nLocation: {location}\r\n\r\nLocation: /body".encode("latin-1"))
    assert seen in ("answered 301", "301 to x")


def test_a_heartbeat_that_may_take_longer_delays_none_that_may_not() -> None:
    """While a deploy changes the timeout, both are under way."""
    probes = http_probes()
    with LoopbackServer(b"", OK, pause=9) as hung:
        probes.send(1, hung.address, Heartbeat(timeout=60))
        probes.send(2, hung.address, ASKED)
        began = time.monotonic()
        while not (found := probes.ended(within=30)):
            pass
        assert found == [(2, False)]
        assert time.monotonic() - began < 30
    assert results(probes, 1) == [(1, False)]


# What only HTTP/2 can show.

H2C = replace(PATIENT, protocol="h2c")
HEALTH = replace(H2C, path="/grpc.health.v1.Health/Check")


def h2_answer(*headers: tuple[str, str], body: bytes = b"", trailers: Sequence[tuple[str, str]] = ()) -> bytes:
    """What a server sends to a request on stream 1."""
    server = H2Connection(H2Configuration(client_side=False, validate_outbound_headers=False))
    server.initiate_connection()
    server.receive_data(H2Exchange("10.0.0.1:80", HEALTH).request)
    server.send_headers(1, headers, end_stream=not body and not trailers)
    if body:
        server.send_data(1, body, end_stream=not trailers)
    if trailers:
        server.send_headers(1, trailers, end_stream=True)
    return server.data_to_send()


def test_an_h2c_server_is_asked_by_prior_knowledge() -> None:
    with LoopbackServer(H2_OK) as server:
        assert HttpProbe().look(server.address, replace(H2C, path="/up?deep=1", host="shop.example")) == ""
        sent = server.requests[0]
    assert sent.startswith(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    asked = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
    request = next(event for event in asked.receive_data(sent) if isinstance(event, RequestReceived))
    assert request.headers == [
        (":method", "GET"), (":scheme", "http"), (":authority", "shop.example"), (":path", "/up?deep=1"),
        ("user-agent", "ringmaster"),
    ]  # fmt: skip
    assert request.stream_ended


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (h2_answer((":status", "204")), "answered 204"),
        (h2_answer((":status", "200"), body=b"x"), ""),
        (h2_answer((":status", "302"), ("location", "/home")), "302 to /home"),
        (h2_answer((":status", "302"), ("location", "x y")), "302 to x"),
        (SETTINGS + b"\0\0\4\3\0\0\0\0\1\0\0\0\7", "the request was refused (RST_STREAM, error 7)"),
        (SETTINGS + b"\0\0\x08\7\0\0\0\0\0\0\0\0\0\0\0\0\2", "the connection was given up (GOAWAY, error 2)"),
        (SETTINGS, "the connection was closed without an answer"),
        (b"", "the connection was closed without an answer"),
        (OK, "an answer that is not HTTP/2"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "an answer that is not HTTP/2"),
        (b"\xff" * 9999, "an answer that is not HTTP/2"),
        (SETTINGS + b"\0\0\1\1\5\0\0\0\1\xff", "an answer that is not HTTP/2"),
    ],
)
def test_what_an_h2c_server_answers_is_seen(answer: bytes, seen: str) -> None:
    assert probe(answer, asked=H2C) == seen
    probes = http_probes()
    with LoopbackServer(answer) as server:
        probes.send(1, server.address, H2C)
        assert results(probes, 1) == [(1, not seen)]


def test_an_h2c_server_that_is_asked_in_http_1_is_not_alive() -> None:
    assert probe(H2_OK) == "an answer that is not HTTP"


@pytest.mark.parametrize("pause", [0.0, TIMEOUT / 40])
def test_an_answer_of_an_h2c_server_in_pieces_is_alive(pause: float) -> None:
    assert probe(*(H2_OK[at : at + 1] for at in range(len(H2_OK))), pause=pause, asked=H2C) == ""


def test_an_h2c_server_whose_answer_is_late_is_late() -> None:
    asked = replace(H2C, timeout=TIMEOUT)
    seen = probe(SETTINGS, H2_OK[9:], pause=0.4, asked=asked)
    assert re.fullmatch(r"answered 200 after [012]\.\d+ s, allowed 0\.3 s", seen)
    assert probe(SETTINGS, b"", pause=9, asked=asked) == "no answer within 0.3 s"


GRPC = (":status", "200"), ("content-type", "application/grpc")


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (h2_answer(*GRPC, body=b"\0\0\0\0\2\x08\1", trailers=[("grpc-status", "0")]), ""),
        (
            h2_answer(*GRPC, body=b"\0\0\0\0\2\x08\2", trailers=[("grpc-status", "0")]),
            "answered grpc-status 0, and not SERVING",
        ),
        (h2_answer(*GRPC, ("grpc-status", "12")), "answered grpc-status 12, and not SERVING"),
        (h2_answer(*GRPC, body=b"\0\0\0\0\2\x08\1"), "answered grpc-status none, and not SERVING"),
        (h2_answer((":status", "404")), "answered 404"),
    ],
)
def test_a_grpc_server_is_well_by_its_own_health_check(answer: bytes, seen: str) -> None:
    assert probe(answer, asked=HEALTH) == seen


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_break_a_heartbeat(answer: bytes, begins_well: bool) -> None:
    for asked in (H2C, HEALTH):
        exchange = H2Exchange("10.0.0.1:80", asked)
        exchange.take(SETTINGS + answer if begins_well else answer)
        exchange.take(b"")
        assert exchange.is_good or exchange.seen
