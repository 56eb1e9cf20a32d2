"""HAProxy's mean response time and what is read out of it, against its arithmetic in integers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.adapters.haproxy.response_times import ResponseTimes


class Process:
    """`sum` and `rtime` as swrate_add_dynamic and swrate_avg of HAProxy 3.0 make them."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0

    def answers(self, milliseconds: Sequence[int]) -> None:
        for value in milliseconds:
            self.count += 1
            gone = (self._sum + 511) // 512 if self.count > 512 else 0
            self._sum += value - gone

    @property
    def rtime(self) -> int:
        window = min(512, self.count) or 512
        return (self._sum + window - 1) // window

    def seen_by(self, times: ResponseTimes) -> ResponseTimes:
        return times.updated(self.count, self.rtime)


@pytest.mark.parametrize("before", [0, 1, 100, 500, 600, 5000])
@pytest.mark.parametrize("newer", [50, 400, 3000])
def test_the_mean_of_the_newer_ones_is_found_whatever_came_before(before: int, newer: int) -> None:
    process = Process()
    process.answers([900] * before)
    old = process.seen_by(ResponseTimes())
    process.answers([30, 50] * (newer // 2))
    new = process.seen_by(old)
    assert new.ended - old.ended == newer
    assert (new.seconds - old.seconds) / newer == pytest.approx(0.040, abs=max(0.002, 0.6 / newer))


def test_without_newer_ones_nothing_took_any_time() -> None:
    process = Process()
    process.answers([900] * 1000)
    once = process.seen_by(ResponseTimes())
    assert process.seen_by(once) == once


def test_a_new_process_begins_from_nothing() -> None:
    process = Process()
    process.answers([900] * 1000)
    old = process.seen_by(ResponseTimes())
    process = Process()
    process.answers([20] * 100)
    new = process.seen_by(old)
    assert new.ended == old.ended + 100
    assert new.seconds - old.seconds == pytest.approx(2)


@given(st.lists(st.lists(st.integers(0, 2000), max_size=80), min_size=5, max_size=40))
def test_many_looks_lose_nothing(stretches: list[list[int]]) -> None:
    process = Process()
    process.answers([300] * 700)
    times = first = process.seen_by(ResponseTimes())
    for stretch in stretches:
        process.answers(stretch)
        times = process.seen_by(times)
    everything = [value for stretch in stretches for value in stretch]
    assert times.ended - first.ended == len(everything)
    spread = 2.0 * len(stretches) ** 0.5  # s: half a second or so of rounding, and unequal weights within a stretch
    assert times.seconds - first.seconds == pytest.approx(sum(everything) / 1000, abs=spread)
