"""Where the forwarder sends each single request: its draws are known here, unlike HAProxy's."""

from __future__ import annotations

from balancer.core.routes import Routes
from tests.contract.flask_bench import FlaskBench
from tests.contract.plane_bench import REQUEST_HASH, SLOTS


def test_each_request_goes_to_the_owner_of_its_slot() -> None:
    with FlaskBench() as bench:
        slots = tuple(bench.servers[slot % 3].name for slot in range(SLOTS))
        bench.plane.apply(Routes(slots, bench.servers))
        answered = bench.answers(100)
        assert answered == [slots[REQUEST_HASH.slot(str(drawn), SLOTS)] for drawn in bench.drawn]
        assert len(set(answered)) > 1
