"""A request whose connection ends before the answer is a failure, not a second request."""

from __future__ import annotations

import pytest
from geventhttpclient.response import HTTPConnectionClosed
from geventhttpclient.url import URL

from loadtests.swarm.one_attempt import OneAttempt
from tests.fakes.web_server import Exchange, WebServer


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_nothing_is_sent_twice(method: str) -> None:
    with WebServer(Exchange.break_off) as server:
        url = URL(f"http://{server.address}/home")
        pool = OneAttempt(concurrency=10)
        with pytest.raises(HTTPConnectionClosed):
            pool.get_client(url).request(method, "/home")
        pool.close()
        assert len(server.received) == 1
