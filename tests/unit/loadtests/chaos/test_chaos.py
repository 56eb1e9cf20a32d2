"""The command's verdict: whatever is wrong, or ends the run before its time, makes it a failure."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from loadtests.chaos import chaos
from loadtests.chaos.result import Result
from loadtests.load.load import LoadFailed
from loadtests.running import CannotMeasure
from loadtests.traffic import TrafficCounts

WELL = Result(
    number=1,
    action="/add",
    says="add 1",
    after=1.0,
    off_ring=None,
    whole=1.0,
    counts=TrafficCounts(requests=9, failed={}),
)
WRONG = Result(
    number=2, action="/rm", says="rm 1", after=2.0, off_ring=None, whole=1.0, counts=WELL.counts, wrong=["1 lost"]
)


@contextmanager
def deployment(**_: object) -> Iterator[None]:
    yield


def verdict(monkeypatch: pytest.MonkeyPatch, *told: Result | Exception, restart: tuple[str, ...] = ()) -> int:
    def results(*_: object, **__: object) -> Iterator[Result]:
        for each in told:
            if isinstance(each, Exception):
                raise each
            yield each

    monkeypatch.setattr(sys, "argv", ["chaos.py", "--faults", "2", "--seed", "7"])
    monkeypatch.setattr(chaos, "Deployment", deployment)
    monkeypatch.setattr(chaos, "chaos", results)
    monkeypatch.setattr(chaos, "changed_by_restart", lambda _: list(restart))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    return chaos.main()


def test_where_nothing_is_wrong_it_passes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(monkeypatch, WELL, WELL) == 0
    assert "Everything is as promised." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("told", "restart", "said"),
    [
        ([WELL, WRONG], (), "2 /rm: 1 lost"),
        ([WELL, LoadFailed("the load's process has died")], (), "LoadFailed: the load's process has died"),
        ([WELL, AssertionError("not within 60 s")], (), "AssertionError: not within 60 s"),
        ([WELL, WELL], ("the slot map changed",), "the slot map changed"),
        ([WELL], (), "1 of 2 were carried out"),
        ([], (), "0 of 2 were carried out"),
    ],
)
def test_anything_else_fails_and_says_how_to_repeat_it(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    told: list[Result | Exception],
    restart: tuple[str, ...],
    said: str,
) -> None:
    assert verdict(monkeypatch, *told, restart=restart) == 1
    printed = capsys.readouterr().out
    assert said in printed
    assert "FAILED; again with: make chaos FAULTS=2 SEED=7" in printed


def test_a_run_whose_actions_did_nothing_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = [replace(WELL, number=number, whole=None, is_void=True) for number in (1, 2, 3)]
    assert verdict(monkeypatch, *nothing) == 1
    assert "3 of 3 actions did nothing" in capsys.readouterr().out


def test_what_cannot_be_measured_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdict(monkeypatch, CannotMeasure("no POST was heard")) == 2
