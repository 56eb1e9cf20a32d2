"""What engine events announce of a container's end, before the engine's list shows it."""

from __future__ import annotations

from typing import Any

import pytest

from balancer.adapters import announced_ends
from balancer.adapters.announced_ends import AnnouncedEnds


def event(action: str, **attributes: str) -> dict[str, Any]:
    return {"Action": action, "Actor": {"ID": "c1", "Attributes": attributes}}


def ends(stop_signal: str = "SIGTERM") -> AnnouncedEnds:
    return AnnouncedEnds(lambda _: (stop_signal, 10))


def test_a_death_has_its_exit_code_until_the_container_starts_again() -> None:
    announced = ends()
    assert announced.death("c1") == ""
    announced.note(event("die", exitCode="137"))
    assert announced.death("c1") == "Exited (137)"
    announced.note(event("start"))
    assert announced.death("c1") == ""


def test_how_often_a_container_starved_is_counted_until_it_is_gone() -> None:
    announced = ends()
    assert announced.starved("c1") == 0
    for action in ("oom", "oom", "die", "start"):
        announced.note(event(action))
    announced.forget()
    assert announced.starved("c1") == 2
    announced.note(event("destroy"))
    assert announced.starved("c1") == 0


def test_a_new_stream_of_events_forgets_deaths() -> None:
    announced = ends()
    announced.note(event("die", exitCode="0"))
    announced.forget()
    assert announced.death("c1") == ""


@pytest.mark.parametrize(("written", "number"), [("SIGTERM", "15"), ("QUIT", "3"), ("28", "28"), ("SIGRTMIN+3", "37")])
def test_a_stop_signal_is_read_however_the_image_writes_it(written: str, number: str) -> None:
    announced = ends(written)
    announced.note(event("kill", signal="9"))
    assert not announced.is_ending("c1", "running")
    announced.note(event("kill", signal=number))
    assert announced.is_ending("c1", "running")
    assert not announced.is_ending("c1", "paused")


@pytest.mark.parametrize("written", ["no such signal", ""])
def test_no_event_is_a_stop_where_the_stop_signal_is_unknown(written: str) -> None:
    announced = ends(written)
    for number in ("", "0", "-1", "15"):
        announced.note(event("kill", signal=number))
    assert announced.is_ending("c1", "running") is False


def test_a_container_is_ending_until_it_has_died() -> None:
    announced = ends()
    announced.note(event("kill", signal="15"))
    announced.note(event("die", exitCode="0"))
    assert not announced.is_ending("c1", "running")


def test_a_container_is_ending_no_longer_than_a_stop_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(announced_ends.time, "monotonic", lambda: now[0])
    announced = ends()
    announced.note(event("kill", signal="15"))
    now[0] = 109.9
    announced.note(event("kill", signal="15"))
    assert announced.is_ending("c1", "running")
    now[0] = 110.0
    assert not announced.is_ending("c1", "running")
