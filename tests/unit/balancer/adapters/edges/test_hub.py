"""The hub over real TLS, with agents in memory: who takes part, who obeys, who is waited for and how long."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from balancer.adapters.edges.hub import EdgeHub
from balancer.core.activity import Activity
from balancer.core.errors import PlaneUnavailable
from tests.polling import stays, until
from tests.unit.balancer.adapters.edges.conftest import Bench
from tests.unit.balancer.adapters.edges.files import LEASE, edge_of, files, until_leased, until_lost


def test_files_are_obeyed_by_every_edge(bench: Bench) -> None:
    one, two = bench.edge("one"), bench.edge("two")
    until_leased(bench.hub, "one", "two")
    for name in "abc":
        bench.hub.offer(files(name))
        bench.hub.wait_until_obeyed(10)
        assert bench.hub.is_obeyed(files(name))
        assert not bench.hub.is_obeyed(files("z"))
        assert one.files == two.files == files(name)
    assert one.forms == two.forms == ["whole", "base", "base"]
    assert [(edge.node, edge.is_leased, edge.in_step, edge.problem) for edge in bench.hub.edges()] == [
        ("one", True, True, ""),
        ("two", True, True, ""),
    ]


def test_an_edge_that_comes_later_gets_the_latest_files(bench: Bench) -> None:
    bench.hub.offer(files("a"))
    bench.hub.offer(files("b"))
    edge = bench.edge("late")
    until_leased(bench.hub, "late")
    bench.hub.wait_until_obeyed(10)
    assert edge.said == [("files", "b-f")]


def test_without_an_edge_nothing_is_obeyed(bench: Bench) -> None:
    bench.hub.offer(files())
    for call in (
        lambda: bench.hub.wait_until_obeyed(10),
        lambda: bench.hub.is_obeyed(files()),
        lambda: bench.hub.ask("load"),
    ):
        with pytest.raises(PlaneUnavailable, match="none has come"):
            call()
    assert bench.hub.edges() == ()


def test_edges_that_wait_for_their_first_files_do_not_obey_until_these_are_offered(bench: Bench) -> None:
    """A balancer that has started, and finds its saved fleet as it is, has nothing to change: it offers what is not
    obeyed. Without files no edge serves."""
    edge = bench.edge("one")
    edge.is_serving = False
    until(lambda: edge_of(bench.hub, "one"), "it has come", within=5)
    assert not bench.hub.is_obeyed(files())
    bench.hub.offer(files())
    with pytest.raises(PlaneUnavailable, match="no edge serves"):
        bench.hub.is_obeyed(files())
    edge.is_serving = True
    until_leased(bench.hub, "one")
    bench.hub.wait_until_obeyed(10)
    assert bench.hub.is_obeyed(files())


def test_in_the_first_lease_others_may_still_come(bench: Bench) -> None:
    """Of two edges that serve already, one is told apart from none."""
    bench.edge("one")
    until_leased(bench.hub, "one")
    bench.hub.offer(files())
    with ThreadPoolExecutor() as callers:
        waiting = callers.submit(bench.hub.wait_until_obeyed, 10)
        late = bench.edge("late")
        waiting.result()
    assert late.files == files()


def test_a_lease_after_the_first_one_came_others_may_still_come(bench: Bench) -> None:
    """The hub's name is known to all edges at one time, which may be long after its start."""
    time.sleep(LEASE * 1.2)
    bench.hub.offer(files())
    bench.edge("one", activity=dict)
    until_leased(bench.hub, "one")
    with ThreadPoolExecutor() as callers:
        obeyed = callers.submit(bench.hub.wait_until_obeyed, 10)
        asked = callers.submit(bench.hub.ask, "activity")
        late = bench.edge("late", activity=dict)
        obeyed.result()
        assert late.files == files()
        assert asked.result().keys() == {"one", "late"}


def test_where_the_hub_itself_was_held_up_no_lease_ends(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.edge("one", activity=dict)
    until_leased(bench.hub, "one")
    bench.hub.ask("activity")
    loop = bench.hub._loop
    assert loop
    with ThreadPoolExecutor() as callers:
        asked = callers.submit(bench.hub.ask, "activity")
        loop.call_soon_threadsafe(time.sleep, LEASE * 2)
        assert asked.result().keys() == {"one"}
    assert not [record for record in caplog.records if record.message == "edge lost"]


def test_an_edge_that_does_not_serve_is_not_waited_for(bench: Bench) -> None:
    bench.edge("one")
    other = bench.edge("other")
    other.is_serving, other.delay = False, 60
    until_leased(bench.hub, "one")
    until(lambda: edge_of(bench.hub, "other"), "the other has come", within=5)
    until(lambda: not edge_of(bench.hub, "other").is_serving, "it does not serve", within=5)
    bench.hub.offer(files())
    bench.hub.wait_until_obeyed(10)
    assert not edge_of(bench.hub, "other").in_step


def test_where_none_serves_its_problem_is_told(bench: Bench) -> None:
    edge = bench.edge("one")
    edge.is_serving = False
    edge.obey = refuse("HAProxy is away")
    bench.hub.offer(files())
    until(lambda: (found := edge_of(bench.hub, "one")) and found.problem, "its problem is told", within=5)
    with pytest.raises(PlaneUnavailable, match=r"no edge serves \(one: HAProxy is away"):
        bench.hub.wait_until_obeyed(0.5)


def test_a_problem_fails_the_change_and_names_the_node(bench: Bench) -> None:
    bench.edge("good")
    bad = bench.edge("bad")
    until_leased(bench.hub, "good", "bad")
    bad.obey = refuse("the edge refused it")
    bench.hub.offer(files())
    with pytest.raises(PlaneUnavailable, match=r"^the edge of bad: the edge refused it$"):
        bench.hub.wait_until_obeyed(60)
    bad.obey = lambda files: None
    bench.hub.offer(files())
    bench.hub.wait_until_obeyed(10)
    assert bad.said[:2] == [("files", "a-f")] * 2


def test_an_edge_that_obeyed_the_same_files_before_others_has_to_say_so_again(bench: Bench) -> None:
    edge = bench.edge("one")
    until_leased(bench.hub, "one")
    bench.hub.offer(files("a"))
    bench.hub.wait_until_obeyed(10)
    edge.is_mute, edge.does_hang = True, True
    bench.hub.offer(files("b"))
    bench.hub.offer(files("a"))
    stays(lambda: not bench.hub.is_obeyed(files("a")), "it has not said so", seconds=0.2)
    edge.is_mute, edge.does_hang = False, False
    bench.hub.wait_until_obeyed(10)


def test_one_that_is_too_slow_is_named(bench: Bench) -> None:
    bench.edge("quick")
    slow = bench.edge("slow")
    until_leased(bench.hub, "quick", "slow")
    slow.delay = 3
    bench.hub.offer(files())
    with pytest.raises(PlaneUnavailable, match="these edges do not obey yet: slow"):
        bench.hub.wait_until_obeyed(0.2)
    bench.hub.wait_until_obeyed(10)


def test_a_lease_that_ends_ends_the_waiting(bench: Bench) -> None:
    bench.edge("one")
    silent = bench.edge("silent")
    until_leased(bench.hub, "one", "silent")
    silent.is_mute = True
    began = time.monotonic()
    bench.hub.offer(files())
    bench.hub.wait_until_obeyed(60)
    assert time.monotonic() - began > LEASE / 2
    lost = edge_of(bench.hub, "silent")
    assert (lost.is_leased, lost.is_serving, lost.in_step) == (False, False, False)
    assert lost.problem == f"nothing was heard of it for {LEASE:g} s"
    silent.is_mute = False
    until_leased(bench.hub, "silent")
    bench.hub.wait_until_obeyed(10)
    assert edge_of(bench.hub, "silent").in_step


def test_an_edge_whose_agent_has_ended_keeps_its_lease_for_its_time(bench: Bench) -> None:
    """Else the requests in flight at it would be forgotten whenever an agent starts anew."""
    bench.edge("one", activity=dict)
    other = bench.edge("other", activity=lambda: {"S1": Activity(1)})
    until_leased(bench.hub, "one", "other")
    bench.hub.ask("activity")
    bench.agents.end(other)
    with ThreadPoolExecutor() as callers:
        asked = callers.submit(bench.hub.ask, "activity")
        bench.agents.begin(other)
        assert asked.result().keys() == {"one", "other"}
    bench.agents.end(other)
    assert bench.hub.ask("activity").keys() == {"one"}
    until_lost(bench.hub, "other")


def test_answers_are_of_edges_that_obey_what_was_offered_before(bench: Bench) -> None:
    edge = bench.edge("one", activity=dict)
    until_leased(bench.hub, "one")
    bench.hub.ask("activity")
    edge.said.clear()
    edge.delay = 0.3
    for name in "abc":
        bench.hub.offer(files(name))
        bench.hub.ask("activity")
        assert edge.beat.obeys == f"{name}-f"
    assert [kind for kind, _ in edge.said] == ["files", "ask"] * 3


def test_one_that_does_not_answer_loses_its_lease(bench: Bench) -> None:
    """It beats, and yet nobody waits for it longer."""
    bench.edge("good", keyless=lambda: 3)
    stuck = bench.edge("stuck", keyless=lambda: 4)
    until_leased(bench.hub, "good", "stuck")
    assert bench.hub.ask("keyless") == {"good": 3, "stuck": 4}
    stuck.does_hang = True
    assert bench.hub.ask("keyless") == {"good": 3}
    stuck.does_hang = False
    until(lambda: bench.hub.ask("keyless") == {"good": 3, "stuck": 4}, "it is back", within=10)


def test_an_error_of_one_that_serves_is_told(bench: Bench) -> None:
    bench.edge("good", keyless=lambda: 3)
    bad = bench.edge("bad", keyless=refuse("HAProxy does not answer"))
    until_leased(bench.hub, "good", "bad")
    with pytest.raises(PlaneUnavailable, match=r"^the edge of bad: HAProxy does not answer$"):
        bench.hub.ask("keyless")
    bad.is_serving = False
    until(lambda: not edge_of(bench.hub, "bad").is_serving, "it does not serve", within=5)
    assert bench.hub.ask("keyless") == {"good": 3}


def test_equal_questions_that_wait_are_asked_once(bench: Bench) -> None:
    numbers = count(1)
    edge = bench.edge("one", keyless=lambda: next(numbers))
    until_leased(bench.hub, "one")
    with ThreadPoolExecutor(20) as callers:
        edge.does_hang = True
        first = callers.submit(bench.hub.ask, "keyless")
        others = [callers.submit(bench.hub.ask, "keyless") for _ in range(19)]
        time.sleep(LEASE / 4)
        edge.does_hang = False
        answers = [first.result()["one"], *(asked.result()["one"] for asked in others)]
    assert set(answers) <= {1, 2}
    assert bench.hub.ask("keyless")["one"] <= 3


def test_questions_with_other_arguments_are_others(bench: Bench) -> None:
    closed: list[str] = []
    bench.edge("one", close_idle=lambda *, instance: closed.append(instance))
    until_leased(bench.hub, "one")
    with ThreadPoolExecutor(4) as callers:
        list(callers.map(lambda name: bench.hub.ask("close_idle", instance=name), ["S1", "S2", "S3"]))
    assert sorted(closed) == ["S1", "S2", "S3"]


def test_of_two_agents_of_a_node_the_newer_one_counts(bench: Bench) -> None:
    older = bench.edge("one", keyless=lambda: 1)
    until_leased(bench.hub, "one")
    bench.agents.end(older)
    bench.edge("one", keyless=lambda: 2)
    until(lambda: bench.hub.ask("keyless") == {"one": 2}, "the newer one answers", within=5)
    assert len(bench.hub.edges()) == 1


def test_after_its_stop_the_hub_says_so_to_everyone(bench: Bench) -> None:
    edge = bench.edge("one", load=lambda: None)
    until_leased(bench.hub, "one")
    edge.does_hang = True
    bench.hub.offer(files())
    with ThreadPoolExecutor() as callers:
        waiting: list[Any] = [
            callers.submit(bench.hub.wait_until_obeyed, 60),
            callers.submit(bench.hub.ask, "keyless"),
        ]
        time.sleep(0.1)
        bench.hub.stop()
        for each in waiting:
            with pytest.raises(PlaneUnavailable, match="does not run"):
                each.result()
    with pytest.raises(PlaneUnavailable, match="does not run"):
        bench.hub.offer(files())
    assert bench.hub.edges() == ()
    bench.hub.stop()


def test_a_hub_on_the_same_port_takes_over(bench: Bench) -> None:
    edge = bench.edge("one")
    until_leased(bench.hub, "one")
    bench.hub.offer(files())
    bench.hub.wait_until_obeyed(10)
    bench.hub.stop()
    other = EdgeHub(bench.port, bench.certificates, LEASE, bench.sockets)
    assert other.start() == bench.port
    try:
        until_leased(other, "one")
        other.offer(files("b"))
        other.wait_until_obeyed(10)
        assert edge.files == files("b")
    finally:
        other.stop()


def test_a_port_that_is_taken_is_told_at_the_start(bench: Bench) -> None:
    with pytest.raises(OSError, match="in use"):
        EdgeHub(bench.port, bench.certificates, LEASE, bench.sockets).start()


def refuse(reason: str) -> Any:
    def refuse(*_: object, **__: object) -> None:
        raise PlaneUnavailable(reason)

    return refuse
