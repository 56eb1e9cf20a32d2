"""The tables of the shapes that are there, and which part of the users runs when."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from typing import Any

import pytest

from tests.deployment import PROJECT

# In a process of its own: importing locust makes every socket of the process gevent's.
_READ = """
import json
from types import SimpleNamespace
from loadtests.shapes.spike import Spike
from loadtests.shapes.steps import Steps
from loadtests.shapes.wave import Wave

def ticks(shape, times):
    options = SimpleNamespace(run_time=100, num_users=50, spawn_rate=5)
    shape.runner = SimpleNamespace(environment=SimpleNamespace(parsed_options=options))
    for time in times:
        shape.get_run_time = lambda: time
        yield shape.tick()

shapes = [shape.stages for shape in (Spike, Steps, Wave)]
print(json.dumps({"shapes": shapes, "ticks": list(ticks(Spike(), [0, 39.9, 40, 59.9, 60, 99.9, 100, 700]))}))
"""


@pytest.fixture(scope="module")
def told() -> Any:
    command = [sys.executable, "-c", _READ]
    return json.loads(subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout)


def test_a_stage_lasts_until_its_time_and_the_last_one_ends_the_run(told: Any) -> None:
    assert told["ticks"] == [[5, 5], [5, 5], [50, 5], [50, 5], [5, 5], [5, 5], None, None]


def test_every_shape_goes_through_its_whole_time_and_reaches_the_peak(told: Any) -> None:
    for stages in told["shapes"]:
        assert all(before < after for (before, _), (after, _) in pairwise(stages))
        assert stages[-1][0] == 1
        assert max(users for _, users in stages) == 1
        assert min(users for _, users in stages) > 0
