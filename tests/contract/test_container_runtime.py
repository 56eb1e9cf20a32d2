"""What every ContainerRuntime promises: the real engine, a real keeper before it, and the one in memory alike; and a
Swarm, on which tests/swarm runs the same tests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue

import pytest

from balancer.core.errors import EngineUnavailable, ImageMissing, NameTaken
from balancer.core.release import Release
from balancer.ports.runtime import ContainerRuntime
from tests.contract.listening import listening
from tests.contract.runtime_bench import LocalBench, RuntimeBench, joining
from tests.polling import until

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
"""Those of the Docker client that could not connect."""


@pytest.fixture
def bench(local_bench: LocalBench) -> RuntimeBench:
    return local_bench


EVERY_CALL: tuple[Callable[[ContainerRuntime], object], ...] = (
    lambda runtime: runtime.start(joining("S1", 1), Release()),
    lambda runtime: runtime.observe(),
    lambda runtime: runtime.stop("S1"),
    lambda runtime: runtime.kill("S1"),
    lambda runtime: next(runtime.engine_events()),
    lambda runtime: runtime.last_output("S1"),
)


def test_a_started_server_is_observed_with_its_ring_id_and_an_address_of_its_own(bench: RuntimeBench) -> None:
    bench.runtime.start(joining("S1", 7), bench.release)
    bench.runtime.start(joining("Web_2", 8), bench.release)
    observed = bench.runtime.observe()
    assert {(item.instance, item.ring_id, item.running) for item in observed.values()} == {
        ("S1", 7, True),
        ("Web_2", 8, True),
    }
    assert sorted(observed) == ["S1", "Web_2"]
    assert observed["S1"].address != observed["Web_2"].address
    for server in observed.values():
        assert server.address.rpartition(":")[0]
        assert server.address.endswith(":5000")


def test_a_server_starts_where_the_nodes_to_avoid_are_others(bench: RuntimeBench) -> None:
    bench.runtime.start(joining("S1", 7), bench.release, avoid=["no-such-node"])
    assert bench.runtime.observe()["S1"].running


def test_servers_are_told_apart_by_instance_ring_id_and_release(bench: RuntimeBench) -> None:
    """While a roll lasts there are two containers of one server."""
    bench.runtime.start(joining("S1", 7), bench.release)
    bench.runtime.start(joining("S1", 7, generation=2), replace(bench.release, number=2))
    observed = bench.runtime.observe()
    assert {
        (key, item.instance, item.container_name, item.identity, item.running) for key, item in observed.items()
    } == {
        ("S1", "S1", "S1", (7, 1), True),
        ("S1.2", "S1.2", "S1.2", (7, 2), True),
    }
    assert bench.names == {"S1", "S1.2"}
    bench.runtime.kill("S1")
    assert list(bench.runtime.observe()) == ["S1.2"]


def test_nothing_is_observed_where_nothing_was_started(bench: RuntimeBench) -> None:
    bench.occupy("S1")
    assert bench.runtime.observe() == {}


def test_the_container_of_another_deployment_keeps_its_name_and_is_not_touched(bench: RuntimeBench) -> None:
    bench.occupy("S1")
    with pytest.raises(NameTaken, match="S1"):
        bench.runtime.start(joining("S1", 1), bench.release)
    bench.runtime.stop("S1")
    bench.runtime.kill("S1")
    assert bench.names == {"S1"}
    assert bench.runtime.observe() == {}


@pytest.mark.parametrize("fate", ["running", "dead"])
def test_a_leftover_of_ones_own_makes_way(bench: RuntimeBench, fate: str) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    if fate == "dead":
        bench.die("S1")
    bench.runtime.start(joining("S1", 2), bench.release)
    observed = bench.runtime.observe()
    assert [(item.instance, item.ring_id, item.running) for item in observed.values()] == [("S1", 2, True)]
    assert observed["S1"].address


def test_a_start_that_fails_leaves_nothing_behind(bench: RuntimeBench) -> None:
    with pytest.raises(ImageMissing, match=r"S1 cannot be created: the image .* is not on the engine"):
        bench.runtime.start(joining("S1", 1), bench.broken_release)
    assert bench.names == set()


def test_a_container_is_made_of_the_content_whatever_the_name_means(bench: RuntimeBench) -> None:
    release = replace(bench.release, image=bench.broken_release.image, content=bench.release.image)
    bench.runtime.start(joining("S1", 1), release)
    assert bench.runtime.observe()["S1"].image == bench.release.image


def test_stop_ends_and_removes_and_may_be_repeated(bench: RuntimeBench) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    bench.runtime.start(joining("S2", 2), bench.release)
    bench.runtime.stop("S1")
    assert bench.names == {"S2"}
    bench.runtime.stop("S1")
    assert list(bench.runtime.observe()) == ["S2"]


def test_stop_removes_what_has_ended_by_itself(bench: RuntimeBench) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    bench.die("S1")
    bench.runtime.stop("S1")
    assert bench.names == set()


@pytest.mark.parametrize("fate", ["well", "dead", "paused", "hung"])
def test_kill_ends_and_removes_whatever_its_state_and_may_be_repeated(bench: RuntimeBench, fate: str) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    happen = {"well": lambda _: None, "dead": bench.die, "paused": bench.pause, "hung": bench.hang}[fate]
    happen("S1")
    bench.runtime.kill("S1")
    assert bench.names == set()
    bench.runtime.kill("S1")


def test_a_kill_of_one_container_leaves_the_next_one_of_the_same_instance_alone(bench: RuntimeBench) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    first = bench.runtime.observe()["S1"].id
    bench.runtime.kill("S1", first)
    assert bench.names == set()
    bench.runtime.start(joining("S1", 1), bench.release)
    second = bench.runtime.observe()["S1"].id
    assert first
    assert first != second
    bench.runtime.kill("S1", first)
    assert bench.runtime.observe()["S1"].id == second


def test_a_dead_server_is_observed_as_not_running_until_it_is_removed(bench: RuntimeBench) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    bench.die("S1")
    [dead] = until(
        lambda: [item for item in bench.runtime.observe().values() if not item.running],
        "S1 is observed as dead",
        within=5,
    )
    assert (dead.instance, dead.ring_id, dead.address) == ("S1", 1, "")
    assert dead.status


def test_last_output_are_what_it_printed_and_empty_when_it_is_gone(bench: RuntimeBench) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    until(lambda: bench.runtime.last_output("S1"), "S1 has printed something", within=10)
    bench.die("S1")
    words = bench.runtime.last_output("S1")
    assert words == words.strip() != ""
    bench.runtime.kill("S1")
    assert bench.runtime.last_output("S1") == ""


def test_what_changed_is_observed_as_soon_as_it_is_heard_of_or_a_moment_later(bench: RuntimeBench) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    with listening(bench) as heard:
        bench.runtime.kill("S1")
        while not {"destroy", "remove"} & set(heard.get(timeout=30).split()):
            pass
        until(lambda: not bench.runtime.observe(), "S1 is not observed any more", within=1)


@pytest.mark.parametrize("before", ["never there", "there before"])
def test_every_call_says_when_the_engine_is_away(bench: RuntimeBench, before: str) -> None:
    if before == "there before":
        bench.runtime.observe()
    with bench.away():
        for call in EVERY_CALL:
            with pytest.raises(EngineUnavailable):
                call(bench.runtime)
    assert bench.names == set()


def test_when_the_engine_is_back_all_is_as_it_was(bench: RuntimeBench) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    before = bench.runtime.observe()
    with bench.away(), pytest.raises(EngineUnavailable):
        bench.runtime.observe()
    after = bench.runtime.observe()
    assert {item.instance: item.address for item in after.values()} == {"S1": before["S1"].address}


def test_listening_ends_with_an_error_when_the_engine_goes_away(bench: RuntimeBench) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    errors: SimpleQueue[EngineUnavailable] = SimpleQueue()
    heard = threading.Event()

    def listen() -> None:
        try:
            for _ in bench.runtime.engine_events():
                heard.set()
        except EngineUnavailable as error:
            errors.put(error)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    until(lambda: bench.stir() or heard.is_set(), "the listener hears something", within=10)
    with bench.away():
        listener.join(timeout=30)
    assert str(errors.get(timeout=1))


def test_observing_works_at_any_moment_while_servers_come_and_go(bench: RuntimeBench) -> None:
    over = threading.Event()
    errors: list[Exception] = []

    def observe() -> None:
        while not over.is_set():
            try:
                bench.runtime.observe()
            except Exception as error:
                errors.append(error)
                return

    observer = threading.Thread(target=observe, daemon=True)
    observer.start()
    with ThreadPoolExecutor() as comers:
        list(comers.map(lambda name: _come_and_go(bench, name), ("S1", "S2", "S3")))
    over.set()
    observer.join()
    assert not errors
    assert bench.names == set()


def _come_and_go(bench: RuntimeBench, name: str) -> None:
    bench.runtime.start(joining(name, 1), bench.release)
    bench.runtime.kill(name)
