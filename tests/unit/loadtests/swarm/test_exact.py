"""Locust itself against a server that remembers: who runs, what is sent, and how each answer is judged."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

from tests.deployment import PROJECT
from tests.fakes.web_server import Exchange, WebServer

RING = {"profile": {"strategy": "table", "request_hash": "crc32", "key": "random"}, "version": 1}
SERVERS = [{"hostname": name, "state": "serving", "share": 0.5} for name in ("S1", "S2")]
CONTROL = {
    "/rep": {"message": {"N": 2, "replicas": ["S1", "S2"]}, "status": "successful"},
    "/readyz": {"replicas": ["S1", "S2"]},
    "/ring": RING | {"servers": SERVERS},
}


def greet(exchange: Exchange, server: str) -> None:
    exchange.reply(body=b"Hello from Server: S1", headers=[("X-Served-By", server)])


def locust(server: WebServer, folder: Path, *words: str) -> tuple[subprocess.CompletedProcess[str], Any]:
    """What it said, and what it counted."""
    url, file = f"http://{server.address}", folder / "servers.json"
    command = [sys.executable, "-m", "locust", "--headless", "--only-summary", "--host", url, "--control-url", url]
    command += ["-u", "4", "-r", "4", "--servers-file", str(file), *words]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60)
    return done, json.loads(file.read_text())


def controls(exchange: Exchange) -> bool:
    """Whether it was a request to the control port, which is answered."""
    if exchange.path not in CONTROL:
        return False
    exchange.reply(body=json.dumps(CONTROL[exchange.path]).encode())
    return True


def test_every_request_is_counted_however_it_went(tmp_path: Path) -> None:
    """Each answer in turn: a right one, one in another's name, 503, and none at all, which is not asked for again."""
    numbers = count()

    def answer(exchange: Exchange) -> None:
        if controls(exchange):
            return
        match next(numbers) % 4:
            case 0:
                greet(exchange, "S1")
            case 1:
                greet(exchange, "S2")
            case 2:
                exchange.reply(503)
            case 3:
                exchange.break_off()

    with WebServer(answer) as server:
        done, counted = locust(server, tmp_path, "--requests", "200")
        assert [request.target for request in server.received].count("/home") == 200
    assert done.returncode == 1, done.stderr
    assert (counted["requests"], counted["failures"]) == (200, 150)
    assert counted["servers"] == {"S1": 50, "S2": 50}
    assert sum(second["failures"] for second in counted["seconds"]) == 150
    assert sum(sum(second["servers"].values()) for second in counted["seconds"]) == 100
    assert sorted(counted["errors"].values()) == [50, 50, 50]
    wrong, unanswered, refused = sorted(counted["errors"])
    assert "'Hello from Server: S2' is not in the answer 'Hello from Server: S1'" in next(
        error for error in counted["errors"] if "by S2" in error
    )
    assert any("503" in error for error in (wrong, unanswered, refused))
    assert any("HTTPConnectionClosed" in error for error in (wrong, unanswered, refused))
    assert "Users: PlainUser. Name them on the command line to run others: ConstantThroughputUser, Memb" in done.stderr


def test_other_images_are_asked_for_what_they_have_and_say_what_they_say(tmp_path: Path) -> None:
    def answer(exchange: Exchange) -> None:
        if not controls(exchange):
            exchange.reply(body=b"It works", headers=[("X-Served-By", "S1")])

    with WebServer(answer) as server:
        done, counted = locust(server, tmp_path, "--requests", "50", "--path", "/home,/index.html", "--text", "works")
        assert {request.target for request in server.received} == {*CONTROL, "/home", "/index.html"}
    assert (done.returncode, counted["requests"], counted["failures"]) == (0, 50, 0), done.stderr


def test_a_system_that_stands_still_makes_all_that_were_due_wait_and_none_is_left_out(tmp_path: Path) -> None:
    """One user, 50 requests a second, of which the first is answered after half a second: 25 were due meanwhile."""
    numbers = count()

    def answer(exchange: Exchange) -> None:
        if controls(exchange):
            return
        if next(numbers) == 0:
            time.sleep(0.5)
        greet(exchange, "S1")

    with WebServer(answer) as server:
        words = ["-u", "1", "--rate", "50", "--requests", "100", "ConstantThroughputUser"]
        _, counted = locust(server, tmp_path, *words)
    assert counted["failures"] == 0
    assert counted["latency_ms"]["max"] >= 500
    assert counted["latency_ms"]["p95"] >= 300  # of 100 requests, the first 10 of those 25; otherwise only one was slow
