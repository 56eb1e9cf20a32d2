"""The benchmark in its shortest form: every answer right, the result complete, nothing left behind; never how fast."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import docker
import pytest

from loadtests.bench.contestants import CONTESTANTS, NEXT
from loadtests.bench.figures import BASE, TARGETS
from loadtests.bench.image import LABEL
from loadtests.bench.latency import BESIDE, COMPARED, SHARES
from loadtests.bench.report import section
from tests.deployment import PROJECT

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

BENCH = (sys.executable, "loadtests/bench/bench.py")
PRESENT = [name for name in CONTESTANTS if name != NEXT]
"""All but the one whose HAProxy takes a minute to fetch."""


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    engine = docker.from_env()
    yield engine
    engine.close()


def belongings(engine: docker.DockerClient) -> set[str]:
    """Images and containers of benchmarks, their servers included."""
    mine = {"label": LABEL}
    images = {tag for image in engine.images.list(filters=mine) for tag in image.tags}
    containers = engine.containers.list(all=True, filters=mine, ignore_removed=True)
    return {*images, *(container.name for container in containers)}


@pytest.mark.parametrize(
    "contestants",
    [pytest.param((BESIDE, BASE, "edge"), id="a few"), pytest.param(PRESENT, id="all", marks=pytest.mark.long)],
)
def test_every_contestant_answers_right_and_the_result_is_complete(
    engine: docker.DockerClient, tmp_path: Path, contestants: Sequence[str]
) -> None:
    before = belongings(engine)
    asked = [word for name in contestants for word in ("--only", name)]
    command = [*BENCH, *asked, "--rounds", "1", "--seconds", "1", "--seed", "7", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    result = json.loads((tmp_path / "bench.json").read_text())
    assert sorted(run["contestant"] for run in result["runs"]) == sorted(contestants)
    measured = [*result["runs"], *result["latencies"], *result["threads"]]
    assert all(run["requests"] > 0 and run["faults"] == {} for run in measured)
    assert sorted((run["contestant"], run["share"]) for run in result["latencies"]) == sorted(
        product({*COMPARED, BESIDE} & set(contestants), SHARES)
    )
    assert all(0 < run["p50_us"] <= run["p99_us"] <= run["p999_us"] <= run["most_us"] for run in result["latencies"])
    assert {1, 2} <= {run["threads"] for run in result["threads"]}
    targets = [target for target in TARGETS if {target.contestant, target.other} <= set(contestants)]
    assert [target.rpartition(": ")[2] for target in result["targets"]] == ["undecided"] * len(targets)
    assert all(result["versions"][name] for name in (*contestants, "wrk"))
    assert result["versions"]["edge"] == result["versions"]["haproxy"]
    assert result["settings"]["seed"] == 7
    assert result["commit"]

    assert done.stdout.strip() == (tmp_path / "bench.md").read_text().strip()
    assert all(CONTESTANTS[name].title in done.stdout for name in contestants)
    ElementTree.fromstring(f"<div>{section(result)}</div>")  # noqa: S314 (our own)
    assert (tmp_path / "bench.png").stat().st_size > 10_000
    assert belongings(engine) == before


@pytest.mark.long
def test_one_that_is_interrupted_leaves_nothing(engine: docker.DockerClient, tmp_path: Path) -> None:
    before = belongings(engine)
    command = [*BENCH, "--only", "haproxy", "--rounds", "100", "--out", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr
        told: list[str] = []
        for line in process.stderr:
            told.append(line)
            if "round 1 of 100" in line:
                os.kill(process.pid, signal.SIGTERM)
    assert process.returncode == 130, "".join(told)
    assert any("interrupted; nothing is left of it" in line for line in told), "".join(told)
    assert belongings(engine) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--only", "apache"], "invalid choice: 'apache' (choose from 'edge', 'haproxy', 'edge-16k'"),
        (["--rounds", "0"], "0 is out of range: write a whole number, 1 or more"),
        (["--seconds", "1.5"], "'1.5' is none: write a whole number, 1 or more"),
    ],
)
def test_bad_arguments_stop_it_at_once(arguments: list[str], told: str) -> None:
    done = subprocess.run([*BENCH, *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert told in done.stderr


def test_without_an_engine_it_says_what_to_do() -> None:
    environment = {**os.environ, "DOCKER_HOST": "unix:///nowhere.sock"}
    done = subprocess.run(BENCH, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no Docker engine answers" in done.stderr
    assert "run: make host" in done.stderr


def test_a_request_costs_the_edge_no_more_instructions_than_were_accepted() -> None:
    command = [sys.executable, "loadtests/bench/instructions.py", "--short"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
