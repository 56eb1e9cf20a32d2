"""A switch of the ring at the edge is a reload, under clients that keep their connections and repeat nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from fractions import Fraction
from http.client import HTTPConnection
from itertools import count
from types import TracebackType
from typing import Self

import pytest

from balancer.core.key_source import KeySource
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.routes import Routes
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import PORT
from tests.contract.plane_bench import with_slots
from tests.polling import until

pytestmark = pytest.mark.docker

PAUSES = (0.0, 0.0, 0.005, 0.02, 0.02, 0.1)
"""Of each client, in seconds: a connection is busy, between two requests or idle when the reload comes."""

Seen = tuple[str, str, str]
"""A request's key, the slot and the server that answered."""


class Traffic:
    """Clients in threads. Leaving the block stops them and raises what any of them met."""

    def __init__(self, host: str) -> None:
        self.seen: list[Seen] = []
        self._host = host
        self._stop = threading.Event()
        self._errors: list[Exception] = []
        self._clients = [threading.Thread(target=self._ask, args=client) for client in enumerate(PAUSES)]

    def __enter__(self) -> Self:
        for client in self._clients:
            client.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for client in self._clients:
            client.join()
        if self._errors:
            raise ExceptionGroup(f"{len(self._errors)} of {len(self._clients)} clients lost a request", self._errors)

    def _ask(self, number: int, pause: float) -> None:
        connection = HTTPConnection(self._host, PORT, timeout=10)
        try:
            for turn in count():
                if self._stop.wait(pause):
                    return
                key = f"{number}-{turn}"
                method, body = ("POST", b"-" * 5000) if turn % 2 else ("GET", None)
                connection.request(method, f"/echo?key={key}", body=body, headers={"X-Key": key, "X-Other": key})
                answer = connection.getresponse()
                text = answer.read()
                assert answer.status == 200, text[:300]
                self.seen.append((key, answer.headers["X-Ring-Slot"], answer.headers["X-Served-By"]))
        except Exception as error:
            self._errors.append(error)
        finally:
            connection.close()


def told(routes: Routes, key: str) -> Seen:
    slot = routes.request_hash.slot(key.encode(), len(routes.slots))
    return key, str(slot), routes.slots[slot]


def test_a_switch_loses_no_request_and_mixes_no_two_rings(haproxy_bench: HaproxyBench) -> None:
    """Hash, key source, M, table and bound change at once, so that no answer is right under another ring."""
    servers = haproxy_bench.servers
    one, two, three = (server.instance for server in servers)
    loose = Fraction(1000)
    rings = [
        with_slots((one, two) * 4, servers, request_hash=REQUEST_HASHES["crc32"], key=KeySource("header", "X-Key")),
        with_slots((three, one) * 32, servers, request_hash=REQUEST_HASHES["xxh64"], key=KeySource("query", "key")),
        with_slots(
            (two, three) * 128, servers, request_hash=REQUEST_HASHES["sha1"], key=KeySource("header", "X-Other")
        ),
    ]
    rings[2] = replace(rings[2], bound=loose)
    haproxy_bench.obey(haproxy_bench.plane, rings[0])
    with Traffic(haproxy_bench.host) as traffic:
        for ring in [*rings[1:], *rings, *rings]:
            before = len(traffic.seen)
            until(lambda: len(traffic.seen) > before + 20, "there is traffic", within=10, pause=0.01)  # noqa: B023
            haproxy_bench.plane.apply(ring)
            assert haproxy_bench.plane.in_step(ring)
    under = [[seen == told(ring, seen[0]) for ring in rings] for seen in traffic.seen]
    assert all(map(any, under)), [seen for seen, rights in zip(traffic.seen, under, strict=True) if not any(rights)]
    assert all(any(column) for column in zip(*under, strict=True))
