"""A server that reaches its memory limit: the kernel kills a process of it, and an event says so."""

from __future__ import annotations

from balancer.core.event import EventKind
from balancer.core.release import Release
from tests.unit.balancer.in_memory import InMemoryBalancer

TOLD = "killed: out of memory (server_memory is 512m)"


def starved(balancer: InMemoryBalancer) -> list[tuple[str, str]]:
    """server and reason of every event."""
    events = balancer.events.since(0).events
    return [(event.server, event.reason) for event in events if event.kind is EventKind.STARVED]


def test_each_time_a_worker_of_a_server_is_killed_is_told_once(balancer: InMemoryBalancer) -> None:
    balancer.runtime.starve("S2")
    balancer.steps(3)
    assert starved(balancer) == [("S2", TOLD)]
    balancer.runtime.starve("S2")
    balancer.steps(3)
    assert starved(balancer) == [("S2", TOLD)] * 2
    assert balancer.replicas == ("S1", "S2", "S3")


def test_it_is_told_once_also_where_the_engine_was_away_or_the_balancer_restarts(balancer: InMemoryBalancer) -> None:
    balancer.runtime.starve("S2")
    balancer.steps(2)
    balancer.runtime.away.arm()
    balancer.steps(2)
    balancer.runtime.away.clear()
    balancer.steps(2)
    assert starved(balancer) == [("S2", TOLD)]
    restarted = balancer.restarted().started()
    assert starved(restarted) == []
    restarted.runtime.starve("S2")
    restarted.steps(2)
    assert starved(restarted) == [("S2", TOLD)]


def test_a_server_that_dies_of_it_fails_with_that_reason(balancer: InMemoryBalancer) -> None:
    balancer.runtime.starve("S2")
    balancer.runtime.die("S2")
    balancer.steps(2)
    (failed,) = (event for event in balancer.events.since(0).events if event.kind is EventKind.FAILED)
    assert failed.reason == "its container is not running: exited, out of memory (server_memory is 512m)"


def test_without_a_limit_it_is_the_hosts_memory() -> None:
    balancer = InMemoryBalancer(release=Release(memory="")).started()
    balancer.runtime.starve(balancer.desired.fleet.servers[0].instance)
    balancer.steps(1)
    assert [reason for _, reason in starved(balancer)] == ["killed: out of memory (server_memory is not set)"]
