"""Edge and flask plane send every keyed request to the same server, the one that Python's ring names.

Not while a server has died and nobody knows it yet: then the one walks on and the other asks anybody.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain, repeat
from multiprocessing import get_context
from pathlib import Path

import pytest

from balancer.core.fleet import Fleet
from balancer.core.key_source import KeySource
from balancer.core.request_hash import REQUEST_HASHES, REQUEST_IDS
from balancer.core.ring_profile import RingProfile
from balancer.core.routes import Routes, routes
from balancer.core.strategies import Ring
from tests.contract import flask_process
from tests.contract.cheap_servers import CheapServers
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import PORT, Lab
from tests.contract.pipeline import Told, ask_all

pytestmark = pytest.mark.docker

KEY = KeySource("header", "X-Key")
COUNTS = [1_000, pytest.param(10_000, marks=pytest.mark.long)]
"""Of keys."""
PROCESSES = 2
"""For the flask plane, whose requests are most of the test's time; more are no faster on two cores."""


def keys(count: int) -> list[bytes]:
    """All kinds of text that a header may hold, all different."""
    draw = random.Random(0)  # noqa: S311 (it must repeat itself)
    kinds = (
        lambda: b"%d" % draw.choice(REQUEST_IDS),
        lambda: b"user-%d" % draw.randrange(10**9),
        lambda: "".join(draw.choices("äßéñ漢字🦊Ωж ", k=8)).strip().encode(),
        lambda: bytes(draw.choices(range(0x80, 0x100), k=12)),
        lambda: "".join(draw.choices("""a,;:"'\\%{}[]()<>=&?/#$!~^|`*+-_.@ \t""", k=14)).strip().encode(),
        lambda: b"long " * draw.randrange(1, 300) + b"%d" % draw.randrange(10**9),
    )
    found: dict[bytes, None] = {}
    while len(found) < count:
        if key := kinds[len(found) % len(kinds)]():
            found[key] = None
    return list(found)


def phases(servers: CheapServers) -> Iterator[tuple[str, Routes]]:
    """What becomes of a fleet; the routes of each moment are made when it has come."""
    addresses = {name: backend.address for name, backend in servers.backends.items()}

    def joining(*names: str) -> dict[str, str]:
        return {name: addresses[name] for name in names}

    fleet = Fleet.first(("S1", "S2", "S3"), RingProfile(key=KEY)).fill(joining("S1", "S2", "S3"))
    yield "before", routes(fleet)
    fleet = fleet.begin_join(["S4", "S5"], weight=3).grow(joining("S4", "S5"))
    yield "after an add", routes(fleet)
    fleet = fleet.begin_leave(["S2"]).stopped(["S2"])
    yield "after a removal", routes(fleet)
    servers.kill("S4")
    fleet = fleet.fail(["S4"])
    yield "during a failure", routes(fleet)
    fleet = fleet.begin_join(["S6"], weight=3).fill(joining("S6"))
    yield "after the replacement", routes(fleet)
    ring = RingProfile(strategy=Ring(slots=4096), request_hash=REQUEST_HASHES["xxh64"], key=KEY)
    yield "after a switch of the ring", routes(fleet.switched(ring))


def named(routes: Routes, key: bytes) -> Told:
    """What an answer has to tell."""
    slot = routes.request_hash.slot(key, len(routes.slots))
    name = routes.slots[slot].encode()
    return name, name, b"%d" % slot


@pytest.mark.parametrize("count", COUNTS)
def test_both_planes_send_every_request_where_the_ring_says(
    lab: Lab, haproxy_bench: HaproxyBench, tmp_path: Path, count: int
) -> None:
    asked = keys(count)
    parts = [asked[first : first + count // PROCESSES] for first in range(0, count, count // PROCESSES)]
    with (
        CheapServers(lab, tmp_path, ("S1", "S2", "S3", "S4", "S5", "S6")) as servers,
        ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as processes,
    ):
        for phase, present in phases(servers):
            expected = [named(present, key) for key in asked]
            by_flask = processes.map(flask_process.ask, repeat(present), parts)
            haproxy_bench.obey(haproxy_bench.plane, present)
            with socket.create_connection((haproxy_bench.host, PORT), timeout=20) as connection:
                by_edge = list(ask_all(connection, asked))
            for plane, told in (("the edge", by_edge), ("the flask plane", [*chain(*by_flask)])):
                wrong = [trio for trio in zip(asked, told, expected, strict=True) if trio[1] != trio[2]]
                assert not wrong, f"{plane} {phase}: {len(wrong)} of {count} go elsewhere: {wrong[:3]}"
