from __future__ import annotations

import io

import pytest
from rich.console import Console

from ringmaster.render.fitting import Fitting


def lines(width: int, spare: tuple[str, ...]) -> list[list[str]]:
    table = Fitting(columns=("server", "state", "slots", "share"), spare=spare, left=("server", "state"))
    table.add_row("S1", "serving", "171", "33.4%")
    console = Console(file=io.StringIO(), width=width)
    with console.capture() as captured:
        console.print(table)
    return [line.split() for line in captured.get().splitlines()]


@pytest.mark.parametrize(
    ("width", "columns", "cells"),
    [
        (80, ["server", "state", "slots", "share"], ["S1", "serving", "171", "33.4%"]),
        (29, ["server", "state", "slots", "share"], ["S1", "serving", "171", "33.4%"]),
        (28, ["server", "state", "share"], ["S1", "serving", "33.4%"]),
        (21, ["server", "share"], ["S1", "33.4%"]),
    ],
)
def test_columns_without_room_are_left_out_whole(width: int, columns: list[str], cells: list[str]) -> None:
    assert lines(width, ("slots", "state")) == [columns, cells]


def test_what_may_not_be_left_out_is_cut() -> None:
    assert lines(16, ("slots",))[0][0] == "ser…"
