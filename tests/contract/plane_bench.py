"""A data plane on the bench: servers behind it, clients before it, the same for every adapter."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPConnection
from typing import Protocol

from balancer.core.request_hash import REQUEST_HASHES, REQUEST_IDS, slot_shares
from balancer.core.routes import Backend, Routes
from balancer.ports.data_plane import DataPlane
from tests.fakes.plane import FakePlane
from tests.http_client import ask
from tests.polling import until

SLOTS = 8
REQUEST_HASH = REQUEST_HASHES["course"]
"""It reaches only some of the slots, so that a slot computed wrongly shows with certainty."""
SHARES = slot_shares(REQUEST_HASH, SLOTS)
NOTHING = Routes(("",) * SLOTS, ())


class PlaneBench(Protocol):
    """Its plane obeys NOTHING at first. Requests are placed by REQUEST_HASH on SLOTS slots."""

    @property
    def plane(self) -> DataPlane: ...

    @property
    def servers(self) -> tuple[Backend, ...]:
        """Three of them."""

    def answers(self, count: int) -> list[str]:
        """Who answers each of so many requests; empty for nobody."""

    def held(self, name: str) -> AbstractContextManager[None]:
        """A request that the server is answering until the block ends. It fails unless it is answered then."""


class RemotePlaneBench(PlaneBench, Protocol):
    """Of a plane that can be away. The forwarder cannot: it lives in the balancer."""

    def away(self) -> AbstractContextManager[None]:
        """The plane does not answer the balancer, and is back at the end of the block."""


class FakeBench:
    def __init__(self) -> None:
        self.plane = FakePlane()
        self.servers = tuple(Backend(f"S{number}", f"10.0.0.{number}:5000") for number in (1, 2, 3))
        self.held = self.plane.request
        self._random = random.Random(0)  # noqa: S311 (it must repeat itself)

    def answers(self, count: int) -> list[str]:
        ids = self._random.choices(REQUEST_IDS, k=count)
        return [self.plane.answer(REQUEST_HASH.slot(str(request_id), SLOTS)) for request_id in ids]

    @contextmanager
    def away(self) -> Iterator[None]:
        self.plane.away.arm()
        try:
            yield
        finally:
            self.plane.away.clear()


def answering(url: str) -> str:
    """Who answers a request to the plane at `url`, by its header and by the server's own words."""
    answer = ask("GET", url, "/home", timeout=10)
    if answer.status == 503:
        return ""
    assert answer.status == 200, answer
    name = str(answer.headers["X-Served-By"])
    assert answer.text == f'{{"message":"Hello from Server: {name}","status":"successful"}}\n'
    return name


@contextmanager
def held(url: str, plane: DataPlane, name: str) -> Iterator[None]:
    """A request whose body is not complete before the block ends: so long the server cannot answer it."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=20)
    try:
        connection.putrequest("POST", "/echo")
        connection.putheader("Content-Length", "50000")
        connection.endheaders(b"-" * 30_000)
        until(lambda: plane.in_flight(name) == 1, f"{name} has one request in flight", within=5)
        yield
        connection.send(b"-" * 20_000)
        response = connection.getresponse()
        body = response.read()
        assert (response.status, response.headers["X-Served-By"]) == (200, name), body[:500]
    finally:
        connection.close()


def all_to(*backends: Backend) -> Routes:
    """Every slot belongs to the first server; the others have none."""
    return Routes((backends[0].name,) * SLOTS, backends)
