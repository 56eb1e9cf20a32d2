"""Stages by the part of the run that has passed, and the tables of the shapes that are there."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise

import pytest

from loadtests.swarm.stages import Stage, part_of_the_users
from tests.deployment import PROJECT

STAGES = (Stage(until=0.25, users=0.1), Stage(until=0.75, users=1.0), Stage(until=1.0, users=0.5))

# In a process of its own: importing locust makes every socket of the process gevent's.
_READ = """
import json
from loadtests.shapes.spike import Spike
from loadtests.shapes.steps import Steps
from loadtests.shapes.wave import Wave
print(json.dumps([[(stage.until, stage.users) for stage in shape.stages] for shape in (Spike, Steps, Wave)]))
"""


@pytest.mark.parametrize(
    ("time", "users"),
    [(0.0, 0.1), (0.2499, 0.1), (0.25, 1.0), (0.7, 1.0), (0.75, 0.5), (0.999, 0.5), (1.0, None), (7.0, None)],
)
def test_a_stage_lasts_until_its_time_and_the_last_one_ends_the_run(time: float, users: float | None) -> None:
    assert part_of_the_users(STAGES, time) == users


@pytest.fixture(scope="module")
def shapes() -> list[list[tuple[float, float]]]:
    command = [sys.executable, "-c", _READ]
    return json.loads(subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout)


def test_every_shape_goes_through_its_whole_time_and_reaches_the_peak(shapes: list[list[tuple[float, float]]]) -> None:
    for stages in shapes:
        assert all(before < after for (before, _), (after, _) in pairwise(stages))
        assert stages[-1][0] == 1
        assert max(users for _, users in stages) == 1
        assert min(users for _, users in stages) > 0
