"""Schedules: repeatable from their seed, in proportion, and with quiet around what needs it."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.chaos.schedule import HASTY, LONGEST, SHORTEST, schedule

WEIGHTS = {"kill": 3, "pause": 2, "edge": 1, "never": 0}
seeds = st.integers(0, 2**32)


@given(seed=seeds, count=st.integers(1, 60))
def test_the_same_seed_gives_the_same_steps_and_a_longer_schedule_begins_like_a_shorter(seed: int, count: int) -> None:
    steps = schedule(WEIGHTS, seed=seed, count=count)
    assert steps == schedule(WEIGHTS, seed=seed, count=count)
    assert steps[:-1] == schedule(WEIGHTS, seed=seed, count=count + 7)[: count - 1]
    assert [step.number for step in steps] == list(range(1, count + 1))


def test_another_seed_gives_other_steps() -> None:
    assert schedule(WEIGHTS, seed=1, count=20) != schedule(WEIGHTS, seed=2, count=20)


@given(seed=seeds, decks=st.integers(1, 5))
def test_every_round_has_each_kind_as_often_as_it_weighs_and_begins_with_one_of_each(seed: int, decks: int) -> None:
    kinds = [step.action for step in schedule(WEIGHTS, seed=seed, count=6 * decks)]
    assert Counter(kinds) == {"kill": 3 * decks, "pause": 2 * decks, "edge": decks}
    assert set(kinds[:3]) == {"kill", "pause", "edge"}


@given(seed=seeds)
def test_an_act_that_is_to_be_alone_finds_a_whole_fleet_and_leaves_one(seed: int) -> None:
    steps = schedule(WEIGHTS, seed=seed, count=60, alone=frozenset({"edge"}))
    for before, step in zip([None, *steps], steps, strict=False):
        if step.action == "edge":
            assert step.pause is None
            assert before is None or before.pause is None


@given(seed=seeds, count=st.integers(1, 30))
def test_the_last_act_always_waits(seed: int, count: int) -> None:
    assert schedule(WEIGHTS, seed=seed, count=count)[-1].pause is None


def test_some_steps_do_not_wait() -> None:
    pauses = [step.pause for step in schedule(WEIGHTS, seed=7, count=2000) if step.pause is not None]
    assert len(pauses) / 2000 == pytest.approx(HASTY, abs=0.04)
    assert min(pauses) >= SHORTEST
    assert max(pauses) <= LONGEST
