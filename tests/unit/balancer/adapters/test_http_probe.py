"""One heartbeat over HTTP. What every probe does: tests/contract."""

from __future__ import annotations

import re
import time

from balancer.adapters.http_probe import HttpProbe
from balancer.core.heartbeat import Heartbeat
from tests.fakes.web_server import Exchange, WebServer


def test_it_asks_for_the_heartbeat_path_and_says_who_asks() -> None:
    with WebServer(lambda exchange: exchange.reply()) as server:
        assert HttpProbe().look(server.address, Heartbeat("/up?deep=1", timeout=5)) == ""
    request = server.received[0]
    assert (request.method, request.target) == ("GET", "/up?deep=1")
    assert request.headers["Host"] == server.address
    assert request.headers["Connection"] == "close"
    assert request.headers["User-Agent"] == "ringmaster"


def test_it_does_not_wait_for_the_body() -> None:
    def endless(exchange: Exchange) -> None:
        exchange.begin_chunks()
        exchange.chunk(b"x")

    with WebServer(endless) as server:
        assert HttpProbe().look(server.address, Heartbeat("/", timeout=5)) == ""


def test_a_head_that_comes_too_slowly_is_no_answer_in_time() -> None:
    def drip(exchange: Exchange) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
            exchange.raw(bytes([byte]))
            time.sleep(0.01)

    with WebServer(drip) as server:
        seen = HttpProbe().look(server.address, Heartbeat("/", timeout=0.1))
    assert re.fullmatch(r"answered 200 after 0\.\d+ s, allowed 0\.1 s", seen)
