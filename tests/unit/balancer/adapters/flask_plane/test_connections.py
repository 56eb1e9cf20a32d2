"""The connections to the servers, as the kernel counts them: kept where they are good, closed where they are not."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection

from balancer.adapters.flask_plane.connections import Connections
from balancer.adapters.flask_plane.incoming import Incoming
from tests.fakes.web_server import Exchange
from tests.open_sockets import count_to, sockets_to
from tests.polling import until
from tests.unit.balancer.adapters.flask_plane.rig import Rig, hello


def ports_of(rig: Rig, name: str) -> set[int]:
    """The client's port of every connection that the server has seen since, which is filled as they come."""
    ports: set[int] = set()
    answer = rig.servers[name].answer

    def note(exchange: Exchange) -> None:
        ports.add(exchange.client_address[1])
        answer(exchange)

    rig.servers[name].answer = note
    return ports


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("size", [0, 9, 300_000])
def test_a_404_that_is_not_passed_on_costs_no_connection(rig: Rig, method: str, size: int) -> None:
    """What the server said of it is not read by the next request."""
    rig.course_errors = True
    rig.serve(lambda exchange: exchange.reply(404, b"x" * size))
    ports = ports_of(rig, "A")
    for _ in range(5):
        assert rig.ask(method).status_code == 400
    assert len(ports) == 1
    assert count_to(rig.servers["A"].address) == 1


def test_a_404_in_chunks_that_is_not_passed_on_costs_no_connection(rig: Rig) -> None:
    def drip(exchange: Exchange) -> None:
        exchange.send_response_only(404)
        exchange.send_header("Transfer-Encoding", "chunked")
        exchange.end_headers()
        for piece in (b"not", b"here", b""):
            exchange.chunk(piece)

    rig.course_errors = True
    rig.serve(drip)
    ports = ports_of(rig, "A")
    for _ in range(5):
        assert rig.ask().status_code == 400
    assert len(ports) == 1
    assert count_to(rig.servers["A"].address) == 1


def test_a_404_that_breaks_off_while_it_is_thrown_away_leaves_no_connection(rig: Rig) -> None:
    def half(exchange: Exchange) -> None:
        exchange.raw(b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\nhalf")
        exchange.break_off()

    rig.course_errors = True
    rig.serve(half)
    for _ in range(3):
        assert rig.ask().status_code == 400
    assert count_to(rig.servers["A"].address) == 0


def test_what_is_idle_at_one_server_is_closed_and_at_others_kept(rig: Rig) -> None:
    rig.serve(hello, hello)
    addresses = {name: server.address for name, server in rig.servers.items()}
    rig.ask()
    rig.route({"B": addresses["B"], "A": addresses["A"]})
    rig.ask()
    assert [count_to(address) for address in addresses.values()] == [1, 1]
    rig.plane.close_idle("A")
    rig.plane.close_idle("C")
    assert [count_to(address) for address in addresses.values()] == [0, 1]
    assert rig.ask().data == b"hello"


def test_a_request_that_runs_goes_on_when_what_is_idle_is_closed(rig: Rig) -> None:
    rig.serve(lambda exchange: exchange.reply(200, b"x" * 1_000_000))
    pieces = rig.stream()
    first = next(pieces)
    rig.plane.close_idle("A")
    assert len(first) + sum(map(len, pieces)) == 1_000_000


def test_a_client_that_goes_away_takes_the_connection_to_the_server_with_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an answer is on it: nobody can use it again, and the server would go on writing for nobody. It is closed at
    once, not when the last reference to the answer is gone."""
    answers = []
    ask = Connections.ask

    def ask_and_keep(
        connections: Connections, address: str, incoming: Incoming, took: Callable[[int], None]
    ) -> BaseHTTPResponse:
        answers.append(ask(connections, address, incoming, took))
        return answers[-1]

    monkeypatch.setattr(Connections, "ask", ask_and_keep)
    noticed = threading.Event()

    def endless(exchange: Exchange) -> None:
        exchange.begin_chunks()
        try:
            while True:
                exchange.chunk(b"x" * 100_000)
        except OSError:
            noticed.set()

    rig.serve(endless)
    pieces = rig.stream()
    next(pieces)
    assert count_to(rig.servers["A"].address) == 1
    pieces.close()  # type: ignore[attr-defined]
    assert count_to(rig.servers["A"].address) == 0
    assert noticed.wait(30)


def test_a_long_answer_that_was_read_to_its_end_leaves_its_connection_for_the_next(rig: Rig) -> None:
    rig.serve(lambda exchange: exchange.reply(200, b"x" * 300_000))
    ports = ports_of(rig, "A")
    for _ in range(3):
        assert len(rig.ask().data) == 300_000
    assert len(ports) == 1


def test_as_many_connections_are_kept_as_there_were_requests_at_a_time(rig: Rig) -> None:
    together = threading.Barrier(5)

    def meet(exchange: Exchange) -> None:
        together.wait(30)
        exchange.reply(200, b"x")

    rig.serve(meet)
    assert rig.forwarder
    with ThreadPoolExecutor(5) as clients:
        assert [answer.status_code for answer in clients.map(lambda _: rig.ask(), range(5))] == [200] * 5
    assert count_to(rig.servers["A"].address) == 5


def test_a_server_that_is_gone_has_no_connection_any_more_and_the_others_keep_theirs(rig: Rig) -> None:
    rig.serve(hello, hello, hello)
    a, b, c = (rig.servers[name].address for name in "ABC")
    for address in (a, b):
        rig.route({"first": address, "second": b})
        rig.ask()
    assert (count_to(a), count_to(b)) == (0, 1)
    ports = ports_of(rig, "B")
    for address in (c, b):
        rig.route({"first": address, "second": b, "third": c})
        rig.ask()
    assert len(ports) == 1
    assert (count_to(b), count_to(c)) == (1, 1)


def test_a_connection_sends_at_once_and_notices_within_3_seconds_that_its_server_is_off_the_network(rig: Rig) -> None:
    """First and last probe of an idle one, and how long what was sent may stay unacknowledged."""
    rig.serve(hello)
    rig.ask()
    with sockets_to(rig.servers["A"].address) as (connection,):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        idle, interval, count = (
            connection.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        assert idle + interval * count <= 3
        assert not connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT), "it would end slow uploads"


def test_a_server_may_read_a_long_body_slowly(rig: Rig) -> None:
    """For longer than the kernel lets a lost server be; its window is closed meanwhile."""
    size = 8_000_000
    rig.response_timeout = 60  # a busy machine takes its time for so many small pieces

    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as threads:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        rig.route({"A": f"127.0.0.1:{server.getsockname()[1]}"})
        asked = threads.submit(rig.ask, "POST", data=bytes(size))
        connection, _ = server.accept()
        with connection:
            threading.Event().wait(4)
            got = b""
            while len(got) < size:
                got += connection.recv(1_000_000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            assert asked.result(60).status_code == 200


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("POST", 502)])
def test_a_connection_that_the_kernel_gave_up_is_a_lost_server_and_not_a_slow_one(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, method: str, status: int
) -> None:
    """Python calls both a timeout. A lost server's request goes elsewhere, where it may."""
    rig.serve(hello, hello)
    getresponse = HTTPConnection.getresponse

    def lost_once(connection: HTTPConnection) -> Any:
        monkeypatch.setattr(HTTPConnection, "getresponse", getresponse)
        raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")

    monkeypatch.setattr(HTTPConnection, "getresponse", lost_once)
    assert rig.ask(method, data=b"x" if method == "POST" else None).status_code == status
    assert len(rig.received("B")) == (1 if status == 200 else 0)
    until(lambda: count_to(rig.servers["A"].address) == 0, "the lost connection is closed", within=5)
