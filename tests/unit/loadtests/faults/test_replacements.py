"""The verdict on how soon a killed server's place is taken."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from loadtests.faults import replacements


def measured(monkeypatch: pytest.MonkeyPatch, *, seconds: float, spares: int) -> bool:
    """Beside a bare start of one second."""
    server = SimpleNamespace(attrs={"Config": {"Hostname": "S1"}})
    monkeypatch.setattr(replacements, "old_enough", lambda *_: [server])
    monkeypatch.setattr(replacements, "bare_start", lambda *_: 1.0)
    monkeypatch.setattr(replacements, "killed", lambda *_: 1000.0)
    monkeypatch.setattr(replacements, "told", lambda *_, **__: {})
    monkeypatch.setattr(replacements, "time_of", lambda _: 1000.0 + seconds)
    ring = {"servers": [{"state": "spare"}] * spares}
    system: Any = SimpleNamespace(
        is_ready=True,
        replicas=[],
        ring=lambda: SimpleNamespace(document=ring),
        operate=lambda *_: SimpleNamespace(document={"next": 1}),
    )
    return replacements.measure(system, times=3)


def test_a_spare_that_serves_at_once_passes_and_a_late_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(monkeypatch, seconds=0.05, spares=1)
    assert not measured(monkeypatch, seconds=0.2, spares=1)


def test_a_replacement_may_take_little_more_than_a_bare_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(monkeypatch, seconds=1.24, spares=0)
    assert not measured(monkeypatch, seconds=2.1, spares=0)


def test_an_events_time_is_in_seconds_since_1970() -> None:
    assert replacements.time_of({"time": "1970-01-01T00:01:00.5+00:00"}) == 60.5


def test_a_killed_servers_end_is_told_by_the_engine_once_it_has_happened() -> None:
    told: list[list[dict[str, int]]] = [[], [{"timeNano": 60_500_000_000}]]
    killed: list[bool] = []
    engine = SimpleNamespace(api=SimpleNamespace(events=lambda **_: iter(told.pop(0))))
    server: Any = SimpleNamespace(id="id1", kill=lambda: killed.append(True))
    system: Any = SimpleNamespace(containers=SimpleNamespace(engine=engine))
    assert (replacements.killed(system, server), killed) == (60.5, [True])


def test_an_event_is_waited_for_and_the_first_is_told() -> None:
    asked: list[str] = []
    answers: list[list[dict[str, str]]] = [[], [{"server": "S7"}, {"server": "S8"}]]

    def operate(_method: str, path: str) -> Any:
        asked.append(path)
        return SimpleNamespace(document={"events": answers.pop(0)})

    system: Any = SimpleNamespace(operate=operate)
    assert replacements.told(system, "promoted", after=3) == {"server": "S7"}
    assert asked == ["/events?kind=promoted&since=3"] * 2
