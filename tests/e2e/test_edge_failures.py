"""The edge restarts: from its first request on it follows the present ring, with or without the balancer."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.containers import crash
from tests.e2e.conftest import only_haproxy
from tests.http_client import Answer
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform, only_haproxy]


def first_answer(system: System) -> Answer:
    """The first one that the edge gives, whatever it says."""

    def ask() -> Answer | None:
        try:
            return system.get("/home")
        except OSError:
            return None

    return until(ask, "the edge answers", within=20, pause=0.01)


def is_routed_by(slots: tuple[str, ...], answer: Answer) -> bool:
    """Whether it is a server's answer, and that server's slot the one that the request fell on."""
    return answer.status == 200 and slots[int(answer.headers["X-Ring-Slot"])] == answer.headers["X-Served-By"]


def served_by(system: System) -> Counter[str]:
    answers = [system.get("/home") for _ in range(90)]
    assert {answer.status for answer in answers} == {200}
    return Counter(answer.headers["X-Served-By"] for answer in answers)


@pytest.fixture
def changed(system: System) -> System:
    """A system whose fleet is not the one that its edge was started with."""
    system.rm(1)
    system.add(1)
    return system


def test_a_restarted_edge_follows_the_present_ring_from_its_first_request_on(changed: System) -> None:
    before, slots = changed.standing, changed.slot_map
    edge = changed.containers.edge
    for fault in ("restart", "crash"):
        if fault == "restart":
            edge.restart()
        else:
            crash(edge)
            until(lambda: _is_down(changed), "the edge is down", within=5, pause=0.01)
        assert is_routed_by(slots, first_answer(changed)), fault
        assert changed.slot_map == slots, fault
        assert set(served_by(changed)) == set(before.replicas), fault
        changed.wait_until_ready()
        assert changed.standing == before, fault
        assert changed.slot_map == slots, fault


def test_an_edge_that_restarts_while_the_balancer_is_away_serves_the_last_fleet(changed: System) -> None:
    before, slots = changed.standing, changed.slot_map
    balancer = changed.containers.balancer
    balancer.stop()
    try:
        changed.containers.edge.restart()
        assert is_routed_by(slots, first_answer(changed))
        assert set(served_by(changed)) == set(before.replicas)
    finally:
        balancer.start()
        changed.wait_until_ready()
    assert changed.standing == before
    assert changed.slot_map == slots


def test_the_balancer_says_that_the_edge_is_away_and_is_well_when_it_is_back(system: System) -> None:
    before = system.standing
    edge = system.containers.edge
    edge.stop()
    try:
        ailments = until(lambda: system.report["ailments"], "the balancer's own health check names it", within=10)
        assert "data plane" in ailments
        assert not system.report["ready"]
        assert system.standing == before
    finally:
        edge.start()
    system.wait_until_ready()
    assert system.healthz().document["ailments"] == {}
    assert system.standing == before


def test_an_edge_that_missed_a_replacement_follows_the_new_ring_when_it_is_back(system: System) -> None:
    victim = system.replicas[0]
    edge = system.containers.edge
    edge.stop()
    try:
        system.containers.server(victim).kill()
        until(lambda: victim not in system.report["replicas"], "it is noticed", within=20)
        until(lambda: system.report["N"] == 3, "it is replaced", within=30)
    finally:
        edge.start()
    assert first_answer(system).status == 200
    system.wait_until_ready()
    assert victim not in system.slot_map
    assert set(served_by(system)) == set(system.replicas)


def _is_down(system: System) -> bool:
    try:
        system.get("/home")
    except OSError:
        return True
    return False
