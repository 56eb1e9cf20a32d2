"""What every Clock and every Randomness promises, the machine's own and those of the tests alike."""

from __future__ import annotations

import pytest

from balancer.adapters.system import SystemClock, SystemRandomness
from balancer.ports.clock import Clock
from balancer.ports.randomness import Randomness
from tests.fakes.clock import FakeClock
from tests.fakes.randomness import SeededRandomness


@pytest.fixture(params=[FakeClock, SystemClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    clock: Clock = request.param()
    return clock


@pytest.fixture(params=[SeededRandomness, SystemRandomness])
def chance(request: pytest.FixtureRequest) -> Randomness:
    chance: Randomness = request.param()
    return chance


def test_time_never_runs_backwards(clock: Clock) -> None:
    times = [clock.now() for _ in range(100)]
    assert times == sorted(times)


def test_sleeping_takes_its_time(clock: Clock) -> None:
    before = clock.now()
    clock.sleep(0.02)
    assert 0.019 < clock.now() - before < 15


def test_the_time_of_day_goes_on_since_1970(clock: Clock) -> None:
    before = clock.time()
    assert before > 1_500_000_000
    clock.sleep(0.02)
    assert 0.019 < clock.time() - before < 15


def test_a_choice_is_one_of_the_characters_and_each_comes_up(chance: Randomness) -> None:
    assert {chance.choice("abc") for _ in range(200)} == {"a", "b", "c"}


def test_a_sample_has_different_items_in_every_order(chance: Randomness) -> None:
    samples = {tuple(chance.draw(["S1", "S2", "S3"], 2)) for _ in range(300)}
    assert len(samples) == 6
    assert all(len(set(sample)) == 2 for sample in samples)


@pytest.mark.parametrize("count", [0, 3])
def test_none_and_all_can_be_drawn(chance: Randomness, count: int) -> None:
    assert len(set(chance.draw(("S1", "S2", "S3"), count))) == count
