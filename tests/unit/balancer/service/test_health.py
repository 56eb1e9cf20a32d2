"""One report: ready or not, and why."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from balancer.service.problems import Part
from tests.fakes.runtime import Everyone
from tests.unit.balancer.in_memory import InMemoryBalancer


def test_before_the_fleet_is_known_nothing_is_ready() -> None:
    assert not InMemoryBalancer().health.report()["ready"]


def test_after_a_restart_it_is_ready_when_servers_were_seen_and_the_plane_obeys(
    balancer: InMemoryBalancer, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = balancer.restarted()
    ready: list[bool] = []

    def looking(original: Callable[..., object]) -> Callable[..., object]:
        return lambda *arguments: (ready.append(again.health.report()["ready"]), original(*arguments))[1]

    monkeypatch.setattr(again.runtime, "observe", looking(again.runtime.observe))
    monkeypatch.setattr(again.plane, "in_step", looking(again.plane.in_step))
    again.step()
    assert ready == [False, False]
    assert again.health.report()["ready"]


def test_a_whole_fleet_is_ready(balancer: InMemoryBalancer) -> None:
    assert balancer.health.report() == {
        "ready": True,
        "N": 3,
        "target": 3,
        "replicas": ["S1", "S2", "S3"],
        "silent": [],
        "ring": "a7acbe6163c57216",
        "ailments": {},
        "remedies": {},
        "certificates": [],
    }


def test_while_one_is_missing_it_is_not_ready(balancer: InMemoryBalancer) -> None:
    balancer.runtime.broken = Everyone()
    balancer.runtime.vanish("S1")
    balancer.step()
    report = balancer.health.report()
    assert (report["ready"], report["N"], report["target"]) == (False, 2, 3)


def test_an_ailing_part_makes_it_unready_and_is_named(balancer: InMemoryBalancer) -> None:
    balancer.problems.report(Part.PLANE, "the edge does not answer")
    report = balancer.health.report()
    assert not report["ready"]
    assert report["ailments"] == {"data plane": "the edge does not answer"}
    assert report["remedies"].keys() == {"data plane"}


def test_the_ring_is_the_same_after_a_restart(balancer: InMemoryBalancer) -> None:
    before = balancer.health.report()["ring"]
    again = balancer.restarted()
    again.step()
    assert again.health.report()["ring"] == before
