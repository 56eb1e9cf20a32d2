"""What the soak calls growth, its report, and that what it says it does is done."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from loadtests import soak
from loadtests.soak import BOUNDS, Footprint, Sample, abort, growth, main, table
from tests.fakes.web_server import WebServer

ROUNDS = 16


def samples(held: Callable[[int], Footprint]) -> list[tuple[float, Sample]]:
    """A run of ROUNDS rounds of a quarter of an hour."""
    return [(number / 4, {"edge": held(number)}) for number in range(ROUNDS)]


def test_what_stays_as_it_is_has_not_grown() -> None:
    text, is_well = table(samples(lambda _: Footprint(30, 8, 50_000)))
    assert is_well
    assert "| edge: descriptors | 30 | 30 | +0.0 | 0 | 8 |" in text
    assert "| 12 rounds in 2.75 h |" in text


@pytest.mark.parametrize(
    ("descriptors", "threads", "memory"), [(2, 0, 0), (0, 1, 0), (0, 0, 2048)], ids=["descriptors", "threads", "memory"]
)
def test_what_grows_from_round_to_round_is_told_with_its_slope(descriptors: int, threads: int, memory: int) -> None:
    text, is_well = table(samples(lambda n: Footprint(30 + n * descriptors, 8 + n * threads, 50_000 + n * memory)))
    assert not is_well
    assert f"{4 * max(descriptors, threads, memory):+.1f}" in text


def test_growth_within_its_bound_is_none() -> None:
    assert table(samples(lambda n: Footprint(30 + n // 2, 8, 50_000)))[1]


def test_what_grew_in_the_warm_up_does_not_count() -> None:
    assert table(samples(lambda n: Footprint(30 + 100 * min(n, 4), 8, 50_000)))[1]


def test_one_round_that_sticks_out_is_no_growth() -> None:
    assert table(samples(lambda n: Footprint(500 if n == ROUNDS - 1 else 30, 8, 50_000)))[1]


def test_growth_is_from_the_first_third_to_the_last() -> None:
    held = [Footprint(number, 2 * number, 3 * number) for number in range(9)]
    assert growth(held) == Footprint(6, 12, 18)


def test_within_means_all_three_and_the_bound_itself() -> None:
    assert BOUNDS.is_within(BOUNDS)
    for more in (Footprint(1, 0, 0), Footprint(0, 1, 0), Footprint(0, 0, 1)):
        over = Footprint(
            BOUNDS.descriptors + more.descriptors, BOUNDS.threads + more.threads, BOUNDS.memory + more.memory
        )
        assert not over.is_within(BOUNDS)


@pytest.mark.parametrize("resets", [False, True])
def test_an_answer_is_left_before_its_end(resets: bool) -> None:
    with WebServer(lambda exchange: exchange.reply(body=b"hello")) as server:
        abort(f"http://{server.address}", resets=resets)


@pytest.mark.parametrize("status", [404, 503])
def test_where_nothing_is_aborted_the_soak_fails(status: int) -> None:
    says = pytest.raises(AssertionError, match=f"/drip is answered {status}")
    with WebServer(lambda exchange: exchange.reply(status)) as server, says:
        abort(f"http://{server.address}", resets=False)


def test_the_token_comes_from_the_environment_and_the_engine_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    told: list[Any] = []

    def running(*arguments: str) -> Any:
        told.extend(arguments)
        return SimpleNamespace(containers=SimpleNamespace(close=lambda: closed.append(True)))

    def broken(*_: object) -> None:
        raise AssertionError("it broke")

    monkeypatch.setenv("RINGMASTER_TOKEN", "secret")
    monkeypatch.setattr(sys, "argv", ["soak.py", "--url", "http://127.0.0.1:5000"])
    monkeypatch.setattr("loadtests.running.running", running)
    monkeypatch.setattr(soak, "soak", broken)
    assert main() == 1
    assert (told[-1], closed) == ("secret", [True])
