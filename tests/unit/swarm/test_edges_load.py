"""The load over several edges and the comparison of their picks, against real servers on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

import pytest

from loadtests.traffic import KEY
from tests.fakes.web_server import Exchange, WebServer
from tests.swarm.edges_load import load_over
from tests.swarm.picks import disagreements, picks

KEYS = tuple(f"user-{number}" for number in range(60))


def by_key(exchange: Exchange, *, attempt: int = 1) -> None:
    server = f"S{crc32(exchange.headers[KEY].encode()) % 3}"
    exchange.reply(body=b"hello", headers=[("X-Served-By", server), ("X-Ring-Attempt", str(attempt))])


def by_key_but_one(exchange: Exchange) -> None:
    if exchange.headers[KEY] == KEYS[7]:
        exchange.reply(headers=[("X-Served-By", "S9"), ("X-Ring-Attempt", "1")])
    else:
        by_key(exchange)


def broken(exchange: Exchange) -> None:
    exchange.reply(503)


@pytest.fixture
def edges() -> Iterator[dict[str, WebServer]]:
    with WebServer(by_key) as first, WebServer(by_key) as second:
        yield {"node1": first, "node2": second}


def urls(edges: dict[str, WebServer]) -> dict[str, str]:
    return {node: f"http://{edge.address}" for node, edge in edges.items()}


def test_every_edge_gets_its_share_of_keyed_requests(edges: dict[str, WebServer]) -> None:
    with load_over(urls(edges), rate=400.0, keys=KEYS) as traffic:
        traffic.wait_for(60)
    for edge in edges.values():
        assert len(edge.received) >= 160
        assert {received.headers[KEY] for received in edge.received} == set(KEYS)
    assert len(traffic.requests) == sum(len(edge.received) for edge in edges.values())
    assert (traffic.failed, traffic.causes) == (0, {})


def test_what_fails_at_any_edge_has_failed(edges: dict[str, WebServer]) -> None:
    with load_over(urls(edges), rate=400.0, keys=KEYS) as traffic:
        edges["node2"].answer = broken
        traffic.wait_for(30)
    assert traffic.failed >= 30
    assert set(traffic.causes) == {"503"}
    assert traffic.loads["node1"].failed == 0


def test_edges_that_obey_one_ring_agree(edges: dict[str, WebServer]) -> None:
    found = picks(urls(edges), KEYS)
    assert set(found) == set(edges)
    assert {len(of_node) for of_node in found.values()} == {len(KEYS)}
    assert disagreements(found) == {}


def test_a_key_that_two_edges_send_elsewhere_is_named(edges: dict[str, WebServer]) -> None:
    edges["node2"].answer = by_key_but_one
    (key,) = (found := disagreements(picks(urls(edges), KEYS)))
    assert key == KEYS[7]
    assert found[key]["node1"] != found[key]["node2"] == "S9"


def test_a_key_that_was_not_asked_at_one_edge_is_named() -> None:
    found = disagreements({"node1": {"alice": "S1", "bob": "S2"}, "node2": {"alice": "S1"}})
    assert found == {"bob": {"node1": "S2", "node2": ""}}


def test_picks_want_an_answer_at_the_first_attempt(edges: dict[str, WebServer]) -> None:
    edges["node1"].answer = lambda exchange: by_key(exchange, attempt=2)
    with pytest.raises(AssertionError, match="node1"):
        picks(urls(edges), KEYS)


def test_picks_want_an_answer(edges: dict[str, WebServer]) -> None:
    edges["node2"].answer = broken
    with pytest.raises(AssertionError, match="node2"):
        picks(urls(edges), KEYS)
