"""A-3 played on a system that is made up: what happens is seen, and what does not happen ends it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest

from loadtests.experiments import faults, judge
from loadtests.experiments.endpoints import Call
from loadtests.experiments.swarm_run import Counted, Load
from loadtests.experiments.timeline import FAULTS, OF_A_SERVER, Timeline
from loadtests.faults.servers import Strike


class World:
    """The system, who watches it, and locust. A strike on a server puts another one in its place at once."""

    def __init__(self) -> None:
        self.replicas = ["S1", "S2", "S3"]
        self.control_url, self.authorization = "", {}
        self.containers = SimpleNamespace(balancer="balancer", server=lambda hostname: hostname)
        self.left: dict[str, float] = {}
        self.crashed: float | None = None
        self.ends_before = len(FAULTS)
        """So many faults happen until locust ends."""

    def fault(self, _system: object, victim: str) -> Strike:
        def strike() -> None:
            self.replicas = [*self.replicas[1:], f"new{len(self.left)}"]
            self.left[victim] = time.monotonic()

        return strike

    def crash(self, _container: object) -> None:
        self.crashed = time.monotonic()

    def resize(self, _n: int) -> None:
        """All are there."""

    @property
    def system(self) -> World:
        return self

    def left_at(self, server: str, *, since: float) -> float | None:
        return self.left.get(server)

    def away_at(self, *, since: float) -> float | None:
        return self.crashed

    def whole_at(self, *, since: float) -> float | None:
        return since + 0.5

    def is_running(self) -> bool:
        self.ends_before -= 1
        return self.ends_before >= 0

    def end(self) -> Counted:
        return Counted(200, 0, {}, ({"at": time.time(), "servers": {"S1": 200}, "failures": 0},), {"max": 5.0}, 1.0)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()

    @contextmanager
    def swarm(_system: object, load: Load) -> Iterator[World]:
        assert (load.path, load.rate) == ("/", faults.RATE)
        yield world

    monkeypatch.setattr(faults, "swarm", swarm)
    monkeypatch.setattr(faults, "Watcher", lambda *_: nullcontext(world))
    monkeypatch.setattr(faults, "every_endpoint", lambda *_: [Call("public", "GET /", 200, 200, 1.0, "")])
    monkeypatch.setattr(faults, "SERVER_FAULTS", dict.fromkeys(OF_A_SERVER, world.fault))
    monkeypatch.setattr(faults, "crash", world.crash)
    for pause in ("_UNDER_WAY", "_CALM", "_WHOLE_WITHIN"):
        monkeypatch.setattr(faults, pause, 0.0)
    return world


def played(world: World) -> Timeline:
    return faults.play(cast(Any, world), path="/", say=lambda _: None)


def test_every_fault_is_seen_with_its_victim_and_its_successor(world: World) -> None:
    line = played(world)
    assert [(fault.name, fault.victim, fault.replacement) for fault in line.faults] == [
        ("docker kill", "S1", "new0"),
        ("docker stop", "S2", "new1"),
        ("docker pause", "S3", "new2"),
        ("docker rm -f", "new0", "new3"),
        ("balancer kill -9", "balancer", ""),
    ]
    assert judge.of_timeline(line) == []


def test_a_fault_that_did_nothing_ends_it_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(faults.SERVER_FAULTS, "docker pause", lambda *_: lambda: None)
    line = played(world)
    assert [fault.name for fault in line.faults] == ["docker kill", "docker stop"]
    assert line.broken_off == "docker pause: not within 0 s: S3 is off the ring; last seen: None"
    assert line.broken_off in judge.of_timeline(line)


def test_a_balancer_that_does_not_die_ends_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "crash", lambda _: None)
    line = played(world)
    assert line.broken_off.startswith("balancer kill -9: not within 0 s: nobody answers")


def test_a_locust_that_ends_early_ends_it(world: World) -> None:
    world.ends_before = 3
    line = played(world)
    assert line.broken_off == "locust ended before docker rm -f"
    assert "did not happen: docker rm -f, balancer kill -9" in judge.of_timeline(line)
