"""The keeper dies, hangs and comes back: requests are served meanwhile, changes are told in seconds to try again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from docker.models.containers import Container

from tests.containers import crash, started
from tests.e2e.conftest import Measured, N, only_haproxy
from tests.e2e.under_load import load
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform, only_haproxy]


@contextmanager
def away(take: Callable[[], None], give_back: Callable[[], None]) -> Iterator[None]:
    take()
    try:
        yield
    finally:
        give_back()


def engine_ailment(system: System) -> str:
    return str(system.healthz().document["ailments"].get("engine", ""))


def test_a_crash_of_the_keeper_loses_no_request_and_it_is_back_by_itself(system: System, measured: Measured) -> None:
    keeper = system.containers.keeper
    before, run = system.standing, started(keeper)
    with load(system) as traffic:
        began = time.monotonic()
        crash(keeper)
        until(lambda: started(keeper) != run, "the keeper runs again", within=10, pause=0.05)
        system.wait_until_ready()
        measured(f"the keeper was back after {time.monotonic() - began:.2f} s")
        # While it starts, a change is answered 503, and nothing has begun.
        until(lambda: system.add(1, ["S71"]).status == 200, "it starts servers again", within=10)
        assert system.rm(1, ["S71"]).status == 200
    assert traffic.failed == 0, str(traffic)
    # The table goes on from the one it has: the slots of a server that came and went may lie elsewhere.
    assert replace(system.standing, ring=before.ring) == before


@pytest.mark.parametrize("how", ["paused", "stopped"])
def test_without_the_keeper_requests_are_served_and_changes_are_told_what_to_do(
    system: System, how: str, measured: Measured
) -> None:
    keeper: Container = system.containers.keeper
    before = system.standing
    ways = {"paused": (keeper.pause, keeper.unpause), "stopped": (keeper.stop, keeper.start)}
    with load(system) as traffic, away(*ways[how]):
        began = time.monotonic()
        answer = system.add(1, ["S72"])
        measured(f"{how}: /add was refused after {time.monotonic() - began:.1f} s")
        assert time.monotonic() - began < 45
        assert (answer.status, f"docker start {keeper.name}" in answer.text) == (503, True), answer
        until(lambda: f"docker unpause {keeper.name}" in engine_ailment(system), "/healthz tells it", within=15)
        assert system.readyz().status == 503
    assert traffic.failed == 0, str(traffic)
    system.wait_until_ready()
    until(lambda: system.only_its_fleet_runs, "what was given up is not begun", within=10)
    assert system.standing == before
    assert system.add(1, ["S72"]).status == 200
    assert system.rm(1, ["S72"]).status == 200


def test_a_server_that_dies_without_the_keeper_is_replaced_when_it_is_back(system: System) -> None:
    victim, server = next(iter(system.containers.servers.items()))
    keeper = system.containers.keeper
    with load(system) as traffic:
        with away(keeper.stop, keeper.start):
            server.kill()
            time.sleep(1)  # the engine's event is lost
        until(lambda: victim not in system.replicas and len(system.replicas) == N, "it is replaced", within=30)
    assert traffic.failed == 0, str(traffic)
    system.wait_until_ready()
    assert system.only_its_fleet_runs
