"""Every DataPlane with a hash seed: keys that were chosen to meet at one server spread, and twins send them alike."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, islice

import pytest

from balancer.core.hash_seed import HashSeed
from balancer.core.key_source import KeySource
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.routes import Routes
from tests.contract.plane_bench import PlaneBench, with_slots

KEY = KeySource("header", "X-Key")
SEED, OTHER = HashSeed.of("a-secret-of-operators"), HashSeed.of("another-secret-of-operators")


def owners(routes: Routes, keys: list[str]) -> list[str]:
    """Who answers each key by the Python form. The benches are twins because each of them agrees with it."""
    seeded = [key.encode() if routes.seed is None else routes.seed.seeded(key.encode()) for key in keys]
    return [routes.slots[routes.request_hash.slot(key, len(routes.slots))] for key in seeded]


@pytest.mark.parametrize("name", ["crc32", "xxh64", "course"])
def test_keys_that_aim_at_one_server_spread_with_a_seed(bench: PlaneBench, name: str) -> None:
    names = tuple(bench.servers[number % 3].instance for number in range(64))
    plain = with_slots(names, bench.servers, request_hash=REQUEST_HASHES[name], key=KEY)
    aimed = list(islice((str(key) for key in count(100_000) if owners(plain, [str(key)]) == ["S1"]), 30))
    answered = []
    for routes in (plain, replace(plain, seed=SEED), replace(plain, seed=OTHER)):
        bench.plane.apply(routes)
        assert bench.plane.in_step(routes)
        before = bench.plane.keyless()
        answered.append([bench.answers(1, {"X-Key": key})[0] for key in aimed])
        assert answered[-1] == owners(routes, aimed)
        assert bench.plane.keyless() == before
    assert set(answered[0]) == {"S1"}
    assert set(answered[1]) == set(answered[2]) == {"S1", "S2", "S3"}
    assert answered[1] != answered[2]


def test_another_seed_is_not_in_step(bench: PlaneBench) -> None:
    routes = with_slots(("S1", "S2") * 4, bench.servers, key=KEY)
    bench.plane.apply(replace(routes, seed=SEED))
    assert not bench.plane.in_step(routes)
    assert not bench.plane.in_step(replace(routes, seed=OTHER))
    assert bench.plane.in_step(replace(routes, seed=HashSeed.of("a-secret-of-operators")))


@pytest.mark.parametrize("headers", [{}, {"X-Key": ""}])
def test_a_request_without_its_key_goes_anywhere_with_a_seed_too(bench: PlaneBench, headers: dict[str, str]) -> None:
    names = tuple(bench.servers[number % 3].instance for number in range(64))
    bench.plane.apply(with_slots(names, bench.servers, request_hash=REQUEST_HASHES["crc32"], key=KEY, seed=SEED))
    before = bench.plane.keyless()
    assert set(bench.answers(40, headers)) == {"S1", "S2", "S3"}
    assert bench.plane.keyless() == before + 40
