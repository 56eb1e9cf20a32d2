"""What only the forwarder can show: its draws are known here, and its servers' answers are written by the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest

from balancer.core.routes import Backend
from tests.contract.flask_bench import FlaskBench
from tests.contract.plane_bench import REQUEST_HASH, SLOTS, all_to, with_slots
from tests.fakes.web_server import Exchange, WebServer
from tests.http_client import ask
from tests.in_flight import in_flight
from tests.polling import until


@pytest.fixture
def bench() -> Iterator[FlaskBench]:
    with FlaskBench() as bench:
        yield bench


def test_each_request_goes_to_the_owner_of_its_slot(bench: FlaskBench) -> None:
    slots = tuple(bench.servers[slot % 3].instance for slot in range(SLOTS))
    bench.plane.apply(with_slots(slots, bench.servers))
    answered = bench.answers(100)
    assert answered == [slots[REQUEST_HASH.slot(b"%d" % drawn, SLOTS)] for drawn in bench.drawn]
    assert len(set(answered)) > 1


def test_a_request_is_in_flight_until_the_last_byte_of_its_answer(bench: FlaskBench) -> None:
    go_on = threading.Event()

    def begin_and_wait(exchange: Exchange) -> None:
        exchange.begin_chunks()
        exchange.chunk(b"begun")
        exchange.wait(go_on)
        exchange.chunk(b"")

    with WebServer(begin_and_wait) as server:
        bench.plane.apply(all_to(Backend("S1", server.address)))
        with closing(HTTPConnection(bench.url.removeprefix("http://"), timeout=10)) as client:
            client.request("GET", "/")
            answer = client.getresponse()
            assert answer.read1() == b"begun"
            assert in_flight(bench.plane, "S1") == 1
            go_on.set()
            assert answer.read() == b""
            until(lambda: in_flight(bench.plane, "S1") == 0, "S1 has finished", within=2)


@pytest.mark.parametrize("interim", ["101 Switching Protocols", "103 Early Hints"])
def test_an_interim_answer_that_nobody_asked_for_is_a_broken_one_and_its_connection_is_not_used_again(
    bench: FlaskBench, interim: str
) -> None:
    """Whatever follows it there would be taken for the answer to somebody else's request."""

    def upgrade(exchange: Exchange) -> None:
        if len(server.received) % 2:
            exchange.raw(f"HTTP/1.1 {interim}\r\n\r\n".encode())
        else:
            exchange.reply(body=b"well")

    with WebServer(upgrade) as server:
        bench.plane.apply(all_to(Backend("S1", server.address)))
        for _ in range(3):
            assert ask("GET", bench.url, "/").status == 502
            assert ask("GET", bench.url, "/").body == b"well"
