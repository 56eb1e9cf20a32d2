"""A data plane on the bench: servers behind it, clients before it, the same for every adapter."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from fractions import Fraction
from http.client import HTTPConnection
from statistics import fmean
from typing import Any, Protocol

import pytest

from balancer.core.hash_seed import HashSeed
from balancer.core.key_source import RANDOM, KeySource, Message
from balancer.core.request_hash import REQUEST_HASHES, REQUEST_IDS, RequestHash, slot_shares
from balancer.core.routes import Backend, Routes
from balancer.ports.data_plane import DataPlane
from balancer.ports.traffic import Traffic
from tests.fakes.plane import FakePlane
from tests.http_client import ask
from tests.in_flight import in_flight
from tests.polling import until

SLOTS = 8
REQUEST_HASH = REQUEST_HASHES["course"]
"""It reaches only some of the slots, so that a slot computed wrongly shows with certainty."""
SHARES = slot_shares(REQUEST_HASH, SLOTS)

FAKE, FLASK = "fake", "flask"
HAPROXY = pytest.param("haproxy", marks=pytest.mark.docker)
EDGES = pytest.param("edges", marks=pytest.mark.docker)
"""The edges of several hosts, of which the bench has two."""
REAL = pytest.mark.parametrize("bench", [FLASK, HAPROXY], indirect=True)
"""Planes whose servers can be dead, each kind once."""
REMOTE = pytest.mark.parametrize("bench", [FAKE, HAPROXY, EDGES], indirect=True)
"""Planes that can be away."""

NO_HEADERS: Mapping[str, str] = {}


def with_slots(
    slots: tuple[str, ...],
    backends: tuple[Backend, ...] = (),
    *,
    request_hash: RequestHash = REQUEST_HASH,
    key: KeySource = RANDOM,
    bound: Fraction | None = None,
    seed: HashSeed | None = None,
) -> Routes:
    """Routes as the benches use them, where nothing else is said."""
    return Routes(slots, backends, request_hash=request_hash, key=key, bound=bound, seed=seed)


def dead(server: Backend) -> Backend:
    """The server at a port where its host refuses connections."""
    return replace(server, address=server.address.partition(":")[0] + ":1")


def all_to(*backends: Backend) -> Routes:
    """Every slot belongs to the first server; the others have none."""
    return with_slots((backends[0].instance,) * SLOTS, backends)


def nearly_all_to(owner: Backend, *others: Backend) -> Routes:
    """Every slot that requests reach is the first one's; the second has a slot, so that it is the next one on the
    ring."""
    slots = tuple(owner.instance if SHARES[slot] else others[0].instance for slot in range(SLOTS))
    return with_slots(slots, (owner, *others))


NOTHING = with_slots(("",) * SLOTS)


class PlaneBench(Protocol):
    """Its plane obeys NOTHING at first. `headers` are those of the requests; a value has one character per byte."""

    @property
    def plane(self) -> DataPlane: ...

    @property
    def traffic(self) -> Traffic:
        """What this plane saw."""

    @property
    def servers(self) -> tuple[Backend, ...]:
        """Three of them."""

    def answers(self, count: int, headers: Mapping[str, str] = NO_HEADERS) -> list[str]:
        """Who answers each of so many requests; empty for nobody."""

    def wait_for(self, seconds: float, requests: int) -> float:
        """So many requests whose server takes so many seconds for each; returns the mean that clients measured."""

    def held(self, *names: str, headers: Mapping[str, str] = NO_HEADERS, nth: int = 1) -> AbstractContextManager[None]:
        """A request that one of these servers is answering until the block ends, the nth at them that is held. It
        fails unless it is answered then."""


class RealPlaneBench(PlaneBench, Protocol):
    """Of a plane that is reached over HTTP."""

    @property
    def url(self) -> str: ...

    def change(self, **changes: Any) -> None:
        """The plane is that of a balancer with these settings."""


class RemotePlaneBench(PlaneBench, Protocol):
    """Of a plane that can be away. The forwarder cannot: it lives in the balancer."""

    def away(self) -> AbstractContextManager[None]:
        """The plane does not answer the balancer, and is back at the end of the block."""


class FakeBench:
    def __init__(self) -> None:
        self.plane = FakePlane()
        self.traffic = self.plane.traffic
        self.servers = tuple(Backend(f"S{number}", f"10.0.0.{number}:5000") for number in (1, 2, 3))
        self._random = random.Random(0)  # noqa: S311 (it must repeat itself)

    def answers(self, count: int, headers: Mapping[str, str] = NO_HEADERS) -> list[str]:
        return [self._answer(headers) for _ in range(count)]

    def wait_for(self, seconds: float, requests: int) -> float:
        self.plane.took(seconds, responses=requests)
        for server in self.answers(requests):
            self.traffic.answered(server, 0, response_time=seconds)
        return seconds

    @contextmanager
    def held(self, *names: str, headers: Mapping[str, str] = NO_HEADERS, nth: int = 1) -> Iterator[None]:
        server = self._answer(headers)
        assert server in names
        with self.plane.request(server):
            assert sum(in_flight(self.plane, name) for name in names) == nth
            yield

    @contextmanager
    def away(self) -> Iterator[None]:
        self.plane.away.arm()
        try:
            yield
        finally:
            self.plane.away.clear()

    def _answer(self, headers: Mapping[str, str]) -> str:
        fields = {name.lower(): value.encode("latin-1") for name, value in headers.items()}
        message = Message(path=b"/home", query=b"", headers=fields, client=b"192.0.2.7")
        return self.plane.answer_to(message, self._random.choice(REQUEST_IDS))


def answering(url: str, headers: Mapping[str, str] = NO_HEADERS) -> str:
    """Who answers a request to the plane at `url`, by its header and by the server's own words."""
    answer = ask("GET", url, "/home", headers=headers, timeout=10)
    if answer.status == 503:
        return ""
    assert answer.status == 200, answer
    name = str(answer.headers["X-Served-By"])
    assert answer.text == f'{{"message":"Hello from Server: {name}","status":"successful"}}\n'
    return name


def wait_for(url: str, seconds: float, requests: int) -> float:
    """Ten at a time."""

    def wait(_: int) -> float:
        began = time.monotonic()
        answer = ask("GET", url, f"/slow?seconds={seconds:g}", timeout=10)
        assert answer.status == 200, answer
        return time.monotonic() - began

    with ThreadPoolExecutor(10) as clients:
        return fmean(clients.map(wait, range(requests)))


@contextmanager
def held(
    url: str, plane: DataPlane, *names: str, headers: Mapping[str, str] = NO_HEADERS, nth: int = 1
) -> Iterator[None]:
    """A request whose body is not complete before the block ends: so long the server cannot answer it."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=20)
    try:
        connection.putrequest("POST", "/echo")
        connection.putheader("Content-Length", "50000")
        for field, value in headers.items():
            connection.putheader(field, value)
        connection.endheaders(b"-" * 30_000)
        until(
            lambda: sum(in_flight(plane, name) for name in names) == nth,
            f"{names} have {nth} requests in flight",
            within=5,
        )
        yield
        connection.send(b"-" * 20_000)
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, body[:500]
        assert response.headers["X-Served-By"] in names
    finally:
        connection.close()
