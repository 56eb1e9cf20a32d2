"""Waiting and judging with a load, a fleet and a wire that are made up: nothing that is missing passes in silence."""

from __future__ import annotations

import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from loadtests.chaos import run
from loadtests.chaos.actions import Action, Begun
from loadtests.chaos.expected import FleetState
from loadtests.chaos.invariants import Picture
from loadtests.chaos.result import Result
from loadtests.chaos.run import Chaos
from loadtests.chaos.schedule import Scheduled
from loadtests.faults.watcher import View, Views
from loadtests.load.load import LoadFailed
from loadtests.load.sender import LoadPlan
from loadtests.traffic import Request
from tests.unit.loadtests.chaos.some_actions import begun, call
from tests.unit.loadtests.chaos.test_invariants import WHOLE
from tests.unit.loadtests.some_requests import request, steady

PLAN = LoadPlan(url="http://127.0.0.1:1", rate=100.0, post_every=10)
PICTURE = replace(WHOLE, spares=0, state=FleetState(2, {}, ()))


@dataclass
class FakeLoad:
    """It flows for ten seconds. `tells_sent`, `tells_left_out`: what it says when it is asked first, and last."""

    requests: list[Request] = field(default_factory=steady)
    tells_sent: list[int] = field(default_factory=lambda: [0, 1000])
    tells_left_out: list[int] = field(default_factory=lambda: [0, 0])
    is_dead: bool = False
    are_answered: bool = True
    plan: LoadPlan = PLAN
    stopped: float = field(default_factory=lambda: time.monotonic() + 10)

    @property
    def sent(self) -> int:
        return self.tells_sent.pop(0)

    @property
    def left_out(self) -> int:
        return self.tells_left_out.pop(0)

    def check(self) -> None:
        if self.is_dead:
            raise LoadFailed("the load's process has died")

    def wait_for_answers(self, _moment: float, *, within: float) -> bool:
        return self.are_answered

    def take(self, _moment: float) -> list[Request]:
        return self.requests


class FakeWire:
    def __init__(self, *repeated: str) -> None:
        self._repeated = repeated

    def repeated(self, posts: Collection[str]) -> list[str]:
        return [post for post in self._repeated if post in posts]


@pytest.fixture(autouse=True)
def picture(monkeypatch: pytest.MonkeyPatch) -> list[Picture]:
    """What the fleet looks like; the last of them from then on."""
    seen = [PICTURE]
    monkeypatch.setattr(run, "look", lambda _: seen.pop(0) if len(seen) > 1 else seen[0])
    monkeypatch.setattr(run, "WHOLE_WITHIN", -1.0)
    monkeypatch.setattr(run, "SOUND_WITHIN", -1.0)
    return seen


def settled(
    load: FakeLoad, *, wire: FakeWire | None = None, ready: bool = True, done: Begun | None = None
) -> list[Result]:
    settings = SimpleNamespace(ring_profile=lambda: SimpleNamespace(document=dict))
    system: Any = SimpleNamespace(containers=SimpleNamespace(of=lambda _: []), stage="", settings=settings)
    views = Views(View(0.0, is_ready=ready))
    actions = {"/add": Action("/add", 1, lambda _: done or begun(call()))}
    with ThreadPoolExecutor(1) as jobs:
        chaos = Chaos(system, actions, jobs=jobs, views=views, wire=wire or FakeWire(), load=load, spares=0)  # type: ignore[arg-type]
        chaos.do(Scheduled(1, "/add", 7, None))
        return chaos.settle()


def wrong(load: FakeLoad, **differences: Any) -> list[str]:
    (result,) = settled(load, **differences)
    return list(result.wrong)


def test_where_all_is_well_nothing_is_wrong() -> None:
    assert wrong(FakeLoad()) == []


def test_requests_that_are_not_sent_left_out_or_not_answered_are_wrong() -> None:
    assert wrong(FakeLoad(tells_sent=[7, 7])) == ["only 0 requests were sent in 10.0 s at 100 a second"]
    assert wrong(FakeLoad(tells_left_out=[3, 10])) == ["7 requests were not sent: too many were open"]
    assert wrong(FakeLoad(are_answered=False)) == ["requests are not answered within 30 s"]


def test_what_was_found_wrong_with_requests_is_told() -> None:
    load = FakeLoad([*steady(), request(0.0, status=502)])
    assert wrong(load) == ["1 idempotent requests failed: 502"]
    assert wrong(FakeLoad(), wire=FakeWire("10", "99999")) == ["POST 10 was sent to more than one server"]


def test_a_load_that_has_died_ends_the_run() -> None:
    with pytest.raises(LoadFailed):
        settled(FakeLoad(is_dead=True))


def test_a_load_that_dies_while_the_fleet_is_waited_for_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "WHOLE_WITHIN", 60.0)

    class Dying(FakeLoad):
        checks = 0

        def check(self) -> None:
            self.checks += 1
            self.is_dead = self.checks > 1
            super().check()

    with pytest.raises(LoadFailed):
        settled(Dying(), ready=False)


def test_a_fleet_that_does_not_become_whole_is_wrong() -> None:
    (found,) = wrong(FakeLoad(), ready=False)
    assert "not whole again within" in found
    assert "the balancer is not ready" in found


def test_a_fleet_that_is_not_as_it_must_be_or_was_acknowledged_is_wrong(picture: list[Picture]) -> None:
    picture.append(replace(PICTURE, unknown=["who"]))
    assert wrong(FakeLoad()) == ["orphans: ['who']"]
    picture[:] = [PICTURE]
    (found,) = wrong(FakeLoad(), done=begun(call(delta=1)))
    assert found.startswith("N was 2 and is 2; possible: [3]")
