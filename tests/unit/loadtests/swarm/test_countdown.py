"""A countdown gives out exactly as many as it has, and ends with the last one that ended."""

from __future__ import annotations

from loadtests.swarm.countdown import Countdown


def test_it_gives_out_so_many_and_no_more() -> None:
    countdown = Countdown(3, lambda: None)
    assert [countdown.take() for _ in range(5)] == [True, True, True, False, False]


def test_it_ends_once_when_the_last_one_has_ended_not_when_it_was_taken() -> None:
    ends: list[str] = []
    countdown = Countdown(2, lambda: ends.append("end"))
    countdown.take()
    countdown.take()
    countdown.ended()
    assert ends == []
    countdown.ended()
    assert ends == ["end"]
    assert not countdown.take()
