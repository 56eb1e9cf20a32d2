"""What `make bench-placement` prints, for few servers: every case and strategy, never how fast it is."""

from __future__ import annotations

import pytest

from loadtests.ring import placement


def _rows(part: str) -> dict[str, list[str]]:
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("| ")
    ]
    return {name: cells for name, *cells in lines}


def test_every_case_is_measured_under_every_strategy_that_can_place_it() -> None:
    (part,) = placement.run([64], [5], rounds=1, with_clear=True)
    head, *cases = _rows(part).items()
    assert head[1] == ["table", "course", "ring", "ring, 9 on slots", "maglev"]
    assert dict(cases).keys() == placement.cases(5).keys()
    assert [name for name, cells in cases if cells[1] == "—"] == [name for name in dict(cases) if "weight" in name]
    for name, cells in cases:
        assert all("(" in cell for at, cell in enumerate(cells) if at != 1), name


def test_the_targets_are_told_with_what_else_the_core_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "PROMISED_AT", (64, 5))
    monkeypatch.setattr(placement, "PROMISED", {"fresh": 1e9, "change": 0.0})
    _, rest, fresh, change = placement.run([64], [5], rounds=1, with_clear=False)
    assert "the routes of it" in _rows(rest)
    assert fresh.endswith(": met")
    assert change.endswith(": MISSED")


def test_a_missed_target_is_an_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--slots", "64", "--servers", "5", "--rounds", "1"]
    assert placement.main(few) == 0
    monkeypatch.setattr(placement, "PROMISED_AT", (64, 5))
    monkeypatch.setattr(placement, "PROMISED", {"change": 0.0})
    assert placement.main(few) == 1
    assert capsys.readouterr().out.endswith(": MISSED\n")
