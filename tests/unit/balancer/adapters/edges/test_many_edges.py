"""Many edges as one data plane, over a hub with agents in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from balancer.adapters.edges.many_edges import ManyEdges
from balancer.core.activity import Activity
from balancer.core.certificate import Certificate
from balancer.core.errors import PlaneUnavailable
from balancer.core.key_source import KeySource
from balancer.core.load import Load
from balancer.core.routes import Backend, Routes
from balancer.core.server_load import ServerCounters
from balancer.core.traffic import CountedKey, KeyCounts
from tests.edge_options import OPTIONS
from tests.fakes.edge_agent import FakeEdge
from tests.polling import until
from tests.unit.balancer.adapters.edges.conftest import Bench
from tests.unit.balancer.adapters.edges.files import until_leased, until_lost

ROUTES = Routes(("S1", "S2"), (Backend("S1", "10.0.0.1:5000"), Backend("S2", "10.0.0.2:5000")))
KEYED = replace(ROUTES, key=KeySource("path"))


@pytest.fixture
def plane(bench: Bench) -> ManyEdges:
    return ManyEdges(bench.hub, OPTIONS)


def edges(bench: Bench, **verbs: tuple[object, object]) -> tuple[FakeEdge, FakeEdge]:
    """Two edges; `verbs`: verb → what each of them answers."""
    both = [
        bench.edge(node, **{verb: lambda given=given[number]: given for verb, given in verbs.items()})
        for number, node in enumerate(("one", "two"))
    ]
    until_leased(bench.hub, "one", "two")
    return both[0], both[1]


def test_all_edges_obey_what_is_applied(bench: Bench, plane: ManyEdges) -> None:
    one, two = edges(bench)
    assert not plane.in_step(ROUTES)
    plane.apply(ROUTES)
    assert plane.in_step(ROUTES)
    assert not plane.in_step(KEYED)
    assert one.files == two.files
    assert one.files
    assert (one.files.digest, one.files.slots, one.files.backends) == (ROUTES.digest, ROUTES.slots, ROUTES.backends)


def test_one_that_comes_later_is_out_of_step_until_it_obeys(bench: Bench, plane: ManyEdges) -> None:
    edges(bench)
    plane.apply(ROUTES)
    late = FakeEdge("late")
    late.delay = 1.0
    bench.agents.begin(late)
    until_leased(bench.hub, "late")
    assert not plane.in_step(ROUTES)
    until(lambda: plane.in_step(ROUTES), "it obeys", within=5)
    assert [edge.in_step for edge in plane.edges()] == [True] * 3


def test_what_edges_say_is_put_together(bench: Bench, plane: ManyEdges) -> None:
    certificate = Certificate("a.pem", ("a.example",), "01", 100)
    edges(
        bench,
        activity=({"S1": Activity(1, 2, 3, 4)}, {"S1": Activity(1, 1, 1, 1), "S2": Activity(2)}),
        load=(Load(3, 0.1), Load(3, 0.3)),
        certificates=((certificate,), (certificate,)),
        keys=(KeyCounts(0.5, (CountedKey(1, "aa", 2),)), KeyCounts(0.5, (CountedKey(1, "aa", 1),))),
        exposition=("x 1\n", "x 2\n"),
        old_processes=(1, 2),
    )
    assert plane.activity() == {"S1": Activity(2, 3, 4, 5), "S2": Activity(2)}
    assert plane.load() == Load(6, pytest.approx(0.2))
    assert plane.certificates() == (certificate,)
    assert plane.keys() == KeyCounts(0.5, (CountedKey(1, "aa", 3),))
    assert plane.exposition() == 'x{edge="one"} 1\nx{edge="two"} 2\n'
    assert plane.old_processes() == 3


def test_idle_connections_are_closed_everywhere(bench: Bench, plane: ManyEdges) -> None:
    one, two = edges(bench)
    closed: list[str] = []
    one.verbs = two.verbs = {"close_idle": lambda *, instance: closed.append(instance)}
    plane.close_idle("S1")
    assert closed == ["S1", "S1"]


def test_counters_do_not_fall_when_an_edge_is_lost(bench: Bench, plane: ManyEdges) -> None:
    one, two = edges(bench)
    one.verbs = {"counters": lambda: {"S1": ServerCounters(requests=10)}}
    two.verbs = {"counters": lambda: {"S1": ServerCounters(requests=20)}}
    assert plane.counters() == {"S1": ServerCounters(requests=30)}
    bench.agents.end(two)
    until_lost(bench.hub, "two")
    assert plane.counters() == {"S1": ServerCounters(requests=30)}
    two.verbs = {"counters": lambda: {"S1": ServerCounters(requests=25)}}
    bench.agents.begin(two)
    until_leased(bench.hub, "two")
    assert plane.counters() == {"S1": ServerCounters(requests=35)}


def test_keyless_requests_are_counted_anew_under_another_profile(bench: Bench, plane: ManyEdges) -> None:
    one, two = edges(bench)
    plane.apply(KEYED)
    one.verbs, two.verbs = {"keyless": lambda: 5}, {"keyless": lambda: 6}
    assert plane.keyless() == 11
    bench.agents.end(two)
    until_lost(bench.hub, "two")
    one.verbs = {"keyless": lambda: 8}
    assert plane.keyless() == 14
    plane.apply(replace(KEYED, key=KeySource("query", "q")))
    one.verbs = {"keyless": lambda: 0}
    assert plane.keyless() == 0


def test_without_an_edge_every_call_says_so(plane: ManyEdges) -> None:
    for call in (
        lambda: plane.apply(ROUTES),
        lambda: plane.in_step(ROUTES),
        plane.activity,
        lambda: plane.close_idle("S1"),
        plane.load,
        plane.keyless,
        plane.certificates,
        plane.counters,
        plane.keys,
        plane.exposition,
        plane.old_processes,
    ):
        with pytest.raises(PlaneUnavailable, match="none has come"):
            call()
    assert plane.edges() == ()
