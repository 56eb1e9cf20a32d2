"""Rows of ps: whether a signal has stopped the processes that answer."""

from __future__ import annotations

import pytest

from balancer.adapters.processes import all_stopped

APPLICATION = ["10", "1", "Ssl", "python3"]
INIT = ["10", "1", "Ss", "docker-init"]


@pytest.mark.parametrize(
    ("rows", "stopped"),
    [
        ([APPLICATION], False),
        ([["10", "1", "Tsl", "python3"]], True),
        ([["10", "1", "Tsl", "gunicorn"], ["11", "10", "Sl", "gunicorn"]], True),
        ([APPLICATION, ["11", "10", "T", "worker"]], False),
        ([["10", "1", "tsl", "python3"]], False),
        ([INIT, ["11", "10", "Sl", "python3"]], False),
        ([INIT, ["11", "10", "Tl", "python3"]], True),
        ([INIT, ["11", "10", "Tl", "gunicorn"], ["12", "11", "Sl", "gunicorn"]], True),
        ([INIT, ["11", "10", "Tl", "python3"], ["12", "10", "S", "orphan"]], False),
        ([["10", "1", "Ts", "docker-init"], ["11", "10", "Sl", "python3"]], False),
        ([INIT], False),
        ([INIT, ["30", "1", "T", "exec"]], False),
        ([["30", "1", "T", "exec"]], False),
        ([], False),
    ],
)
def test_the_first_process_counts_or_all_children_of_an_init(rows: list[list[str]], stopped: bool) -> None:
    """Process 10 is the first one; a program that somebody runs in the container is no child of it."""
    assert all_stopped(rows, first="10") is stopped
