"""What is measured is the ring as it was all the while, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from loadtests.experiments import balance
from loadtests.experiments.balance import Part, Step, measure
from loadtests.experiments.catalogue import steps
from loadtests.experiments.stage import Stage
from loadtests.experiments.swarm_run import Counted, Load
from loadtests.running import CannotMeasure

LOAD = Load(users=1, requests=10)
USUAL = {"slots": 256, "share": 0.5, "weight": 1, "state": "serving"}


class FakeStage:
    """`digests`: what its ring is each time that somebody asks."""

    system = None

    def __init__(self, *digests: str, key: str = "random") -> None:
        self.sizes: list[int] = []
        self._digests = iter(digests)
        self._key = key

    def resize(self, n: int) -> None:
        self.sizes.append(n)

    def ring(self) -> dict[str, Any]:
        return {"profile": {"strategy": "table", "key": self._key}, "digest": next(self._digests)}

    def servers(self) -> list[dict[str, Any]]:
        return [{"hostname": f"S{n}", "ring_id": n, **USUAL} for n in (1, 2)]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Who answers locust's requests."""
    servers = {"S1": 4, "S2": 6}

    class FakeSwarm:
        def counted(self) -> Counted:
            return Counted(sum(servers.values()), 0, servers, (), {}, 1.0)

    @contextmanager
    def swarm(_system: object, _load: Load) -> Iterator[FakeSwarm]:
        yield FakeSwarm()

    monkeypatch.setattr(balance, "swarm", swarm)
    return servers


def measured(stage: FakeStage) -> balance.Run:
    return measure(cast(Stage, stage), Step(2), LOAD)


@pytest.mark.usefixtures("answers")
def test_a_ring_that_stays_is_measured_once() -> None:
    stage = FakeStage("a", "a")
    run = measured(stage)
    assert run.parts == (Part("S1", 1, 256, 0.5, 4), Part("S2", 2, 256, 0.5, 6))
    assert stage.sizes == [2]


@pytest.mark.usefixtures("answers")
def test_a_ring_that_changed_meanwhile_is_measured_again_and_not_for_ever() -> None:
    stage = FakeStage("a", "b", "b", "b")
    assert measured(stage).requests == 10
    assert stage.sizes == [2, 2]
    with pytest.raises(CannotMeasure, match="the ring changed while it was measured, 3 times"):
        measured(FakeStage(*"abcdef"))


def test_a_server_that_is_not_on_the_ring_must_not_answer(answers: dict[str, int]) -> None:
    answers["S9"] = 1
    with pytest.raises(CannotMeasure, match="not on the ring have answered: S9"):
        measured(FakeStage("a", "a"))


@pytest.mark.parametrize("key", ["path", "address"])
def test_a_ring_that_gives_all_requests_one_key_is_not_measured(key: str) -> None:
    with pytest.raises(CannotMeasure, match=f'by "{key}" all requests'):
        measured(FakeStage("a", "a", key=key))


def test_the_steps_of_each_experiment() -> None:
    choices = ([2, 3], ["table", "ring"], ["md5"])
    assert steps("a-1", *choices) == [Step(3)]
    assert steps("a-2", *choices) == [Step(2), Step(3)]
    assert steps("a-4", *choices) == [
        Step(n, {"strategy": strategy, "request_hash": "md5"}) for n in (2, 3) for strategy in ("table", "ring")
    ]
