"""WebSocket through the edge, with a client and a server of a library that keeps to the book."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from balancer.core.routes import Backend
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import Lab
from tests.contract.plane_bench import REAL, RealPlaneBench, all_to
from tests.contract.protocol_servers import HTTP, backends

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def websocket_servers(lab: Lab) -> tuple[Backend, ...]:
    return backends(lab, "websocket_server", HTTP, "W1", "W2")


@pytest.fixture
def peer(haproxy_bench: HaproxyBench, websocket_servers: tuple[Backend, ...]) -> Iterator[ClientConnection]:
    haproxy_bench.plane.apply(all_to(*websocket_servers))
    with connect(haproxy_bench.url.replace("http", "ws"), open_timeout=10, proxy=None) as peer:
        yield peer


def said(peer: ClientConnection, message: str | bytes) -> str | bytes:
    peer.send(message)
    return peer.recv(timeout=10)


def test_messages_pass_in_both_directions(peer: ClientConnection) -> None:
    for number in range(1000):
        assert said(peer, str(number)) == str(number)
    assert said(peer, b"\0" * 200_000) == b"\0" * 200_000
    for number in range(1000):
        peer.send(str(number))
    assert [peer.recv(timeout=10) for _ in range(1000)] == [str(number) for number in range(1000)]


def test_a_ping_is_answered_by_the_server(peer: ClientConnection) -> None:
    assert peer.ping(b"are you there").wait(timeout=10)


@pytest.mark.parametrize("code", [1011, 4321])
def test_the_code_of_a_close_passes(peer: ClientConnection, code: int) -> None:
    peer.send(f"close {code}")
    with pytest.raises(ConnectionClosedError) as closed:
        peer.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, "as asked")


def test_a_tunnel_stays_with_its_server_while_the_ring_changes(
    haproxy_bench: HaproxyBench, websocket_servers: tuple[Backend, ...], peer: ClientConnection
) -> None:
    one, other = websocket_servers
    assert said(peer, "who") == "W1"
    haproxy_bench.plane.apply(all_to(other, one))
    assert said(peer, "who") == "W1"
    with connect(haproxy_bench.url.replace("http", "ws"), open_timeout=10, proxy=None) as later:
        assert said(later, "who") == "W2"
    assert haproxy_bench.plane.activity()["W1"].in_flight == 1


@REAL
def test_a_plane_that_knows_no_upgrades_says_so_to_the_client(
    bench: RealPlaneBench, websocket_servers: tuple[Backend, ...]
) -> None:
    """In the data plane flask the server gets the request without the upgrade, and answers it as any other."""
    bench.plane.apply(all_to(*websocket_servers))
    address = bench.url.replace("http", "ws")
    if isinstance(bench, HaproxyBench):
        with connect(address, open_timeout=10, proxy=None) as peer:
            assert said(peer, "who") == "W1"
    else:
        with pytest.raises(InvalidStatus) as refused:
            connect(address, open_timeout=10, proxy=None)
        assert refused.value.response.status_code == 200
