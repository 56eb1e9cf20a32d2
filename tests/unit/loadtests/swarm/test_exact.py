"""Locust itself against a server that remembers: so many requests are sent, and each is recorded, failed ones too."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import count
from pathlib import Path

from tests.deployment import PROJECT
from tests.fakes.web_server import Exchange, WebServer

REQUESTS = 150
RING = {"profile": {"strategy": "table", "request_hash": "crc32", "key": "random"}, "version": 1}
SERVERS = [{"hostname": name, "state": "serving", "share": 0.5} for name in ("S1", "S2")]
CONTROL = {
    "/rep": {"message": {"N": 2, "replicas": ["S1", "S2"]}, "status": "successful"},
    "/readyz": {"replicas": ["S1", "S2"]},
    "/ring": RING | {"servers": SERVERS},
}


def test_every_request_is_counted_however_it_went(tmp_path: Path) -> None:
    """Every fifth is answered 503, every seventh not at all."""
    numbers = count(1)

    def answer(exchange: Exchange) -> None:
        if exchange.path in CONTROL:
            exchange.reply(body=json.dumps(CONTROL[exchange.path]).encode())
            return
        number = next(numbers)
        if number % 7 == 0:
            exchange.break_off()
        elif number % 5 == 0:
            exchange.reply(503)
        else:
            exchange.reply(headers=[("X-Served-By", "S1" if number % 2 else "S2")])

    with WebServer(answer) as server:
        url, file = f"http://{server.address}", tmp_path / "servers.json"
        command = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--headless", "--only-summary"]
        command += ["--host", url, "--control-url", url, "-u", "4", "-r", "4"]
        command += ["--requests", str(REQUESTS), "--servers-file", str(file)]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60)
        sent = [request.target for request in server.received].count("/home")
    counted = json.loads(file.read_text())
    numbers_sent = range(1, REQUESTS + 1)
    unanswered = sum(number % 7 == 0 for number in numbers_sent)
    refused = sum(number % 7 != 0 and number % 5 == 0 for number in numbers_sent)
    assert sent == REQUESTS, done.stderr
    assert counted["requests"] == REQUESTS
    assert counted["statuses"] == {"200": REQUESTS - refused - unanswered, "503": refused}
    assert sum(counted["servers"].values()) == REQUESTS - refused - unanswered
    assert counted["failures"] == sum(counted["errors"].values()) == refused + unanswered
    assert sum(second["failures"] for second in counted["seconds"]) == refused + unanswered
    assert sum(sum(second["servers"].values()) for second in counted["seconds"]) == counted["statuses"]["200"]
    assert done.returncode == 1, done.stderr
