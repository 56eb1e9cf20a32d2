"""What only a runtime on one host promises: names of its own, the engine's word on every change, and what an engine
knows of its own containers. The real engine, a real keeper before it, and the one in memory alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from balancer.core.errors import EngineUnavailable
from balancer.ports.local_engine import LocalEngine
from tests.contract.listening import listening
from tests.contract.runtime_bench import LocalBench, joining
from tests.polling import until

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
"""Those of the Docker client that could not connect."""


@pytest.fixture
def bench(local_bench: LocalBench) -> LocalBench:
    return local_bench


def test_a_renamed_server_is_the_same_instance_under_another_name(bench: LocalBench) -> None:
    bench.runtime.start(joining("S1", 7, generation=2), replace(bench.release, number=2))
    before = bench.runtime.observe()["S1.2"]
    bench.runtime.rename("S1.2", "S1")
    assert bench.runtime.observe() == {"S1.2": replace(before, container_name="S1")}
    assert bench.names == {"S1"}
    bench.runtime.rename("S1.2", "S1")
    assert bench.names == {"S1"}


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_renamed_server_is_found_by_its_instance_and_not_by_its_name(bench: LocalBench, end: str) -> None:
    bench.runtime.start(joining("S1", 7, generation=2), replace(bench.release, number=2))
    bench.runtime.rename("S1.2", "S1")
    until(lambda: bench.runtime.last_output("S1.2"), "S1.2 has printed something", within=10)
    assert bench.runtime.last_output("S1") == ""
    getattr(bench.runtime, end)("S1")
    assert list(bench.runtime.observe()) == ["S1.2"]
    getattr(bench.runtime, end)("S1.2")
    assert bench.runtime.observe() == {}
    assert bench.names == set()


def test_a_name_in_use_is_not_taken(bench: LocalBench) -> None:
    """Neither one of ours, nor anybody else's, the dead ones' included."""
    bench.runtime.start(joining("S1", 1), bench.release)
    bench.die("S1")
    bench.runtime.start(joining("S2", 2), bench.release)
    bench.occupy("S3")
    bench.runtime.rename("S2", "S1")
    bench.runtime.rename("S2", "S3")
    observed = bench.runtime.observe()
    assert {item.instance: item.container_name for item in observed.values()} == {"S1": "S1", "S2": "S2"}
    assert bench.names == {"S1", "S2", "S3"}


def test_only_ones_own_servers_are_renamed_and_a_missing_one_is_no_error(bench: LocalBench) -> None:
    bench.occupy("S1")
    bench.runtime.rename("S1", "S2")
    bench.runtime.rename("S9", "S2")
    assert bench.names == {"S1"}


def test_the_name_of_a_renamed_server_is_free_again(bench: LocalBench) -> None:
    """A spare's container makes room for that of the next one."""
    bench.runtime.start(joining("S1", 1), bench.release)
    bench.runtime.rename("S1", "S1.spare")
    bench.runtime.start(joining("S2", 2), bench.release)
    bench.runtime.rename("S2", "S1")
    observed = bench.runtime.observe()
    assert {item.instance: item.container_name for item in observed.values()} == {"S1": "S1.spare", "S2": "S1"}


def test_a_leftover_of_ones_own_makes_way_under_whatever_instance(bench: LocalBench) -> None:
    bench.runtime.start(joining("S1", 1, generation=2), bench.release)
    bench.runtime.rename("S1.2", "S1")
    bench.runtime.start(joining("S1", 5), bench.release)
    observed = bench.runtime.observe()
    assert {(item.instance, item.container_name, item.ring_id) for item in observed.values()} == {("S1", "S1", 5)}


def test_a_paused_server_runs_and_is_observed_as_paused(bench: LocalBench) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    assert not bench.runtime.observe()["S1"].paused
    bench.pause("S1")
    observed = bench.runtime.observe()["S1"]
    assert observed.running
    assert observed.paused
    assert observed.address
    bench.wake("S1")
    assert not bench.runtime.observe()["S1"].paused


def test_a_server_that_a_signal_has_stopped_is_known_by_its_first_process(bench: LocalBench) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    bench.runtime.start(joining("S2", 2), bench.release)
    assert not bench.runtime.is_stopped("S1")
    bench.hang("S1")
    assert bench.runtime.is_stopped("S1")
    assert not bench.runtime.is_stopped("S2")
    bench.runtime.kill("S1")
    assert not bench.runtime.is_stopped("S1")


def test_a_server_off_the_network_runs_without_an_address(bench: LocalBench) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    bench.disconnect("S1")
    observed = bench.runtime.observe()["S1"]
    assert observed.running
    assert observed.address == ""


def test_a_death_is_heard_of(bench: LocalBench) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    with listening(bench) as heard:
        bench.die("S1")
        while "die" not in (words := heard.get(timeout=30)):
            pass
        assert "S1" in words


def test_a_death_that_was_heard_of_is_observed_at_once(bench: LocalBench) -> None:
    for _ in range(5):
        bench.runtime.start(joining("S1", 1), bench.release)
        with listening(bench) as heard:
            bench.die("S1")
            while not heard.get(timeout=30).startswith("die"):
                pass
            assert not bench.runtime.observe()["S1"].running
        bench.runtime.kill("S1")
        bench.runtime.start(joining("S1", 1), bench.release)
        assert bench.runtime.observe()["S1"].running
        bench.runtime.kill("S1")


def test_that_a_server_starved_is_observed_until_it_is_gone(bench: LocalBench) -> None:
    """One death may be told several times: seven times were seen."""
    bench.runtime.start(joining("S1", 1), bench.release)
    with listening(bench):
        assert bench.runtime.observe()["S1"].starved == 0
        for _ in range(2):
            starve(bench)
        assert bench.runtime.observe()["S1"].running
        bench.runtime.kill("S1")
        bench.runtime.start(joining("S1", 1), bench.release)
        assert bench.runtime.observe()["S1"].starved == 0


def starve(bench: LocalBench) -> None:
    """Returns when it is observed, and all has been told of it."""
    seen = [bench.runtime.observe()["S1"].starved]
    bench.starve("S1")

    def is_told() -> bool:
        seen.append(bench.runtime.observe()["S1"].starved)
        return seen[-1] == seen[-2] > seen[0]

    until(is_told, "S1 has starved", within=5, pause=0.2)


def test_a_server_that_somebody_stops_is_observed_as_ending_until_it_has_ended(bench: LocalBench) -> None:
    bench.runtime.start(joining("S1", 1), bench.release)
    with listening(bench) as heard:
        assert not bench.runtime.observe()["S1"].ending
        bench.stop_by_hand("S1")
        until(lambda: bench.runtime.observe()["S1"].ending, "S1 is observed as ending", within=5)
        assert bench.runtime.observe()["S1"].running
        bench.die("S1")
        while not heard.get(timeout=30).startswith("die"):
            pass
        ended = bench.runtime.observe()["S1"]
        assert (ended.running, ended.ending) == (False, False)


@pytest.mark.parametrize("call", [lambda engine: engine.rename("S1", "S2"), lambda engine: engine.is_stopped("S1")])
def test_every_call_says_when_the_engine_is_away(bench: LocalBench, call: Callable[[LocalEngine], object]) -> None:
    with bench.away(), pytest.raises(EngineUnavailable):
        call(bench.runtime)
