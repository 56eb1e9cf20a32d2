"""The experiments, short: their counts are exact, their report is there, and the deployment is as before."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from loadtests.experiments import judge
from loadtests.experiments.catalogue import EXPERIMENTS
from loadtests.experiments.results import read
from tests.browser import browser, flaws
from tests.deployment import PROJECT, free_ports
from tests.e2e.conftest import only_haproxy
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.chromium]

REQUESTS = 300
PHONE = (500, 900)


def command(system: System, out: Path, *words: str) -> list[str]:
    urls = ["--url", system.url, "--control-url", system.control_url]
    return [sys.executable, "loadtests/experiments/run.py", *urls, "--out", str(out), *words]


def ring(system: System) -> dict[str, Any]:
    """What experiments have to bring back: not the ring ids of servers that went and came again."""
    document = system.ring().document
    servers = {server["hostname"]: server["weight"] for server in document["servers"]}
    return {"profile": document["profile"], "servers": servers}


@only_haproxy
def test_every_experiment_counts_exactly_reports_and_restores(
    system: System, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    system.weigh(system.replicas[2], 2)
    request.addfinalizer(lambda: system.weigh(system.replicas[2], 1))
    before = ring(system)
    words = ["--requests", str(REQUESTS), "--sizes", "2", "3"]
    words += ["--strategy", "course", "--hash", "course", "--hash", "md5"]
    done = subprocess.run(
        [*command(system, tmp_path, *words), *EXPERIMENTS],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert ring(system) == before
    one, two, four = (read(tmp_path / name) for name in ("a-1", "a-2", "a-4"))
    assert [run.n for run in one.runs] == [3]
    assert [run.n for run in two.runs] == [2, 3]
    assert [(run.n, run.strategy, run.request_hash) for run in four.runs] == [
        (n, "course", name) for n in (2, 3) for name in ("course", "md5")
    ]
    for run in (*one.runs, *two.runs, *four.runs):
        assert (run.requests, run.failures, run.spread.total) == (REQUESTS, 0, REQUESTS)
        assert judge.of_run(run, asked=REQUESTS) == []
    line = read(tmp_path / "a-3").timeline
    assert line
    assert [call for call in line.endpoints if not call.is_as_expected] == []
    assert judge.of_timeline(line) == []
    assert line.requests > REQUESTS
    assert {fault.victim for fault in line.faults} >= before["servers"].keys()
    with browser() as page:
        page.get((tmp_path / "report.html").as_uri())
        assert {title.get_dom_attribute("id") for title in page.find_elements(By.TAG_NAME, "h2")} == EXPERIMENTS.keys()
        assert flaws(page) == []
        page.set_window_size(*PHONE)
        assert flaws(page) == []
    assert {path.suffix for path in (tmp_path / "a-4").iterdir()} == {".json", ".png", ".svg"}
    assert "commit" in json.loads((tmp_path / "a-1" / "result.json").read_text())["provenance"]


@only_haproxy
def test_an_interrupted_one_says_so_and_restores(system: System, tmp_path: Path) -> None:
    before = ring(system)
    running = subprocess.Popen(
        command(system, tmp_path, "--requests", "1000000", "--sizes", "2", "4", "a-2"),
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: len(system.replicas) == 2, "the experiment has begun", within=30)
    running.send_signal(signal.SIGINT)
    _, words = running.communicate(timeout=180)
    assert running.returncode == 130
    assert "a-2 interrupted: the deployment is as it was before" in words
    assert ring(system) == before
    assert read(tmp_path / "a-2").status == "interrupted"


def test_it_says_what_to_do_where_nothing_runs(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    done = subprocess.run(
        [sys.executable, "loadtests/experiments/run.py", "--url", url, "--out", str(tmp_path), "a-1"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"no deployment publishes {url}: bring one up with `make up`" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--sizes", "0", "2"], "write a whole number, from 1 to 64"),
        (["--requests", "ten"], "'ten' is none: write a whole number, 1 or more"),
        (["--strategy", "none"], "invalid choice: 'none' (choose from 'table', "),
        (["--hash", "crc"], "invalid choice: 'crc' (choose from 'course', 'crc32'"),
    ],
)
def test_bad_words_are_refused_with_what_to_write(words: list[str], says: str) -> None:
    done = subprocess.run(
        [sys.executable, "loadtests/experiments/run.py", *words, "a-2"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert says in done.stderr
