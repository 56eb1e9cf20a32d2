"""The locust files as their users run them, against a deployment: alone, in several processes, and on the page."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.expected_conditions import element_to_be_clickable
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser import browser, flaws
from tests.deployment import PROJECT, free_ports
from tests.e2e.conftest import only_haproxy
from tests.http_client import ask
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform, only_haproxy]

LOCUSTFILE = PROJECT / "loadtests" / "locustfile.py"
USERS = ("ConstantThroughputUser", "MembershipUser", "PlainUser", "UniformKeyUser", "ZipfKeyUser")
STEPS = PROJECT / "loadtests" / "shapes" / "steps.py"
KNOWS_THE_STATE = "return performance.getEntriesByType('resource').some(({name}) => name.endsWith('/stats/requests'))"
"""Before, the page takes "ready" for the state of a run that has just been started."""


def command(system: System, *arguments: str | Path, files: tuple[Path, ...] = ()) -> list[str]:
    names = ",".join(map(str, (LOCUSTFILE, *files)))
    where = ["--host", system.url, "--control-url", system.control_url]
    return [sys.executable, "-m", "locust", "-f", names, *where, *map(str, arguments)]


def headless(
    system: System, *arguments: str | Path, files: tuple[Path, ...] = (), folder: Path = PROJECT
) -> subprocess.CompletedProcess[str]:
    words = command(system, "--headless", "--only-summary", "-u", "4", "-r", "4", *arguments, files=files)
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=180)


def test_exactly_so_many_requests_from_any_folder(system: System, tmp_path: Path) -> None:
    file = tmp_path / "servers.json"
    done = headless(system, "--requests", "500", "--servers-file", file, "--max-over-mean", "1.5", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    counted = json.loads(file.read_text())
    assert (counted["requests"], counted["failures"], counted["errors"]) == (500, 0, {})
    assert set(counted["servers"]) == set(system.replicas)
    assert sum(counted["servers"].values()) == 500
    assert sum(sum(second["servers"].values()) for second in counted["seconds"]) == 500
    assert "N = 3, strategy table, request hash crc32, key random" in done.stderr
    assert ", allowed 1.5: met" in done.stderr


def test_at_the_root_locust_needs_no_words(system: System) -> None:
    """The page is the same one; without the page all that is missing is where the deployment is."""
    listed = subprocess.run(["locust", "--list"], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=90)
    assert sorted(listed.stdout.split()[2:]) == list(USERS)
    where = ["--host", system.url, "--control-url", system.control_url, "--headless", "--requests", "9"]
    done = subprocess.run(["locust", *where], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr
    left_out = "ConstantThroughputUser, MembershipUser, UniformKeyUser, ZipfKeyUser"
    assert f"Users: PlainUser. Name them on the command line to run others: {left_out}" in done.stderr


def test_a_threshold_that_is_missed_is_said_and_is_the_exit_code(system: System) -> None:
    done = headless(system, "--requests", "50", "--max-p99-ms", "0", "--max-fail-ratio", "0")
    assert done.returncode == 1, done.stderr
    assert "--max-fail-ratio: measured 0, allowed 0: met\n" in done.stderr
    assert ", allowed 0: MISSED\n" in done.stderr


def test_two_processes_count_together(system: System, tmp_path: Path) -> None:
    file = tmp_path / "servers.json"
    (port,) = free_ports(1)
    together = ["--processes", "2", "--master-bind-port", str(port), "--master-port", str(port)]
    done = headless(system, "-t", "2s", *together, "--servers-file", file, "ZipfKeyUser")
    assert done.returncode == 0, done.stderr
    counted = json.loads(file.read_text())
    assert counted["requests"] == sum(counted["servers"].values()) > 0
    assert f" {counted['requests']} " in next(line for line in done.stderr.splitlines() if "Aggregated" in line)
    assert "2 workers connected" in done.stderr


def test_a_shape_grows_and_ends_by_itself(system: System) -> None:
    done = headless(system, "-t", "3s", files=(STEPS,))
    assert done.returncode == 0, done.stderr
    users = [int(number) for number in re.findall(r'All users spawned: {"PlainUser": (\d)}', done.stderr)]
    assert users[0] == 1, done.stderr
    assert 1 < users[-1] <= 4, done.stderr


def test_servers_come_and_go_and_in_the_end_the_fleet_is_as_before(system: System, tmp_path: Path) -> None:
    """It is stopped while the server that it added is there."""
    before, file = system.replicas, tmp_path / "servers.json"
    words = command(system, "--headless", "--only-summary", "-u", "3", "-r", "3", "--servers-file", file)
    with running([*words, "PlainUser", "MembershipUser"]) as locust:
        (added,) = until(lambda: set(system.replicas) - set(before), "a server is added", within=20)
        locust.send_signal(signal.SIGTERM)
        said, _ = locust.communicate(timeout=90)
    assert locust.returncode == 0, said
    assert system.replicas == before
    assert said.count("the ring changed during the run") == 1
    assert added.startswith("swarm-")
    assert json.loads(file.read_text())["failures"] == 0


def test_what_cannot_run_ends_at_once_and_says_what_to_do(system: System) -> None:
    """All at the same time: each takes two seconds to begin."""
    (port,) = free_ports(1)
    wrong = {
        ("--host", "http://127.0.0.1:1"): "nobody answers at http://127.0.0.1:1: `make up` first, or say --host (",
        ("--control-url", "http://127.0.0.1:1"): "nobody answers at http://127.0.0.1:1: say --control-url (",
        ("--max-fail-ratio", "few"): "argument --max-fail-ratio: 'few' is none: write a number, from 0 to 1\n",
        ("--requests", "9", "--processes", "2", "--master-bind-port", str(port), "--master-port", str(port)): (
            "--requests is counted in one process: leave out --master, --worker and --processes, or it\n"
        ),
    }
    with ExitStack() as stack:
        started = [stack.enter_context(running(command(system, "--headless", *given))) for given in wrong]
        for process, message in zip(started, wrong.values(), strict=True):
            said, _ = process.communicate(timeout=90)
            assert f"error: {message}" in said
            assert process.returncode == 2, said
            assert "Traceback" not in said


def test_the_page_has_the_ring_and_says_why_it_does_not_start(system: System) -> None:
    (port, dead) = free_ports(2)
    shapes = PROJECT / "loadtests" / "shapes"
    words = command(system, "--web-host", "127.0.0.1", "--web-port", str(port), "--class-picker", files=(shapes,))
    page = f"http://127.0.0.1:{port}"
    with running(words):
        until(lambda: answers(port), "locust's page is there", within=20)
        index = ask("GET", page, "/").text
        assert '"title": "Ring"' in index
        assert all(name in index for name in ({*USERS, "Spike", "Steps", "Wave"} - {"MembershipUser"}))
        assert "MembershipUser" not in index
        refused = swarm(page, host=f"http://127.0.0.1:{dead}")
        assert (refused["success"], refused["message"].partition(" (")[0]) == (
            False,
            f"nobody answers at http://127.0.0.1:{dead}: `make up` first, or say --host",
        )
        assert swarm(page, host=system.url, keys="0")["message"].startswith("keys: 0 is out of range")
        assert swarm(page, host=system.url, requests="200", user_classes="PlainUser")["success"]
        stats = until(lambda: complete(page, 200), "the 200 requests are in the table", within=20)
        *servers, _, title = stats["extended_stats"][0]["data"]
        assert [row["server"] for row in servers] == system.replicas
        assert title["server"].startswith("N = 3, strategy table")
        counted = {row["name"]: row["num_requests"] for row in stats["stats"] if row["name"] != "Aggregated"}
        assert counted == {f"/home by {row['server']}": row["requests"] for row in servers}
        again = subprocess.run(words, capture_output=True, text=True, check=False, timeout=90)
        assert again.returncode == 2
        assert f"the web page cannot have port {port}, address already in use: say another one" in again.stderr


@pytest.mark.chromium
def test_a_reader_of_the_page_starts_a_run_and_sees_the_ring(system: System) -> None:
    (port,) = free_ports(1)
    words = command(system, "--web-host", "127.0.0.1", "--web-port", str(port), "--requests", "200")
    with running(words), browser() as page:
        until(lambda: answers(port), "locust's page is there", within=20)
        page.get(f"http://127.0.0.1:{port}/")
        until(lambda: page.execute_script(KNOWS_THE_STATE), "the page has been told the state", within=20)
        press(page, "//button[.='Start']")
        press(page, "//button[@role='tab'][.='Ring']")
        head, *servers, spread, total = until(lambda: with_requests(page, 200), "the table has all", within=20)
        assert head[:3] == ["Server", "# Requests", "Measured share (%)"]
        assert [row[0] for row in servers] == system.replicas
        assert sum(int(row[1]) for row in servers) == 200
        assert spread[0] == "max / mean"
        assert total[0] == "N = 3, strategy table, request hash crc32, key random"
        check_drawing(page, system)
        assert flaws(page) == []


def check_drawing(page: WebDriver, system: System) -> None:
    """It is the ring of now, for the keyboard too, and it goes with its tab."""
    owners = system.operate("GET", "/ring/slots").document["owners"]
    first = system.replicas.index(owners[0])
    canvas = WebDriverWait(page, 20).until(element_to_be_clickable((By.CSS_SELECTOR, "#ring-drawing canvas")))
    until(lambda: canvas.get_attribute("aria-valuemax") == str(len(owners) - 1), "the ring is drawn", within=20)
    for name in system.replicas[first + 1 :] + system.replicas[: first + 1]:
        canvas.send_keys(Keys.PAGE_DOWN)
        said = page.find_element(By.CSS_SELECTOR, "#ring-drawing figcaption").text
        assert said == f"slot {owners.index(name)}: {name} serving"
    # In one piece: the page draws it again every few seconds.
    legend = page.execute_script(
        "return Array.from(document.querySelectorAll('#ring-drawing p > span'), entry => entry.innerText)"
    )
    assert legend == system.replicas
    press(page, "//button[@role='tab'][.='Statistics']")
    until(lambda: not page.find_elements(By.ID, "ring-drawing"), "it went with its tab", within=20)
    press(page, "//button[@role='tab'][.='Ring']")
    until(lambda: page.find_elements(By.ID, "ring-drawing"), "it came back with its tab", within=20)


def press(page: WebDriver, element: str) -> None:
    """The element, as XPath, as soon as it is there; by a key, for a click would miss what still moves."""
    WebDriverWait(page, 20).until(element_to_be_clickable((By.XPATH, element))).send_keys(Keys.ENTER)


def with_requests(page: WebDriver, count: int) -> list[list[str]] | None:
    """The texts of the page's table, row by row, once its last row tells so many."""
    rows: list[list[str]] = page.execute_script(
        "return Array.from(document.querySelectorAll('tr'), row => Array.from(row.cells, cell => cell.innerText))"
    )
    return rows if rows and rows[-1][1:2] == [str(count)] else None


@contextmanager
def running(words: list[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(words, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=90)
        finally:
            process.kill()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def swarm(page: str, **fields: str) -> Any:
    form = urlencode({"user_count": "2", "spawn_rate": "2", **fields}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return ask("POST", page, "/swarm", body=form, headers=headers).document


def complete(page: str, requests: int) -> Any:
    """What the page asks for, once so many are counted; of its own statistics locust gives those of two seconds ago."""
    stats = ask("GET", page, "/stats/requests").document
    (table,) = stats["extended_stats"]
    counted = (table["data"][-1]["requests"], stats["stats"][-1]["num_requests"])
    return stats if counted == (requests, requests) else None
