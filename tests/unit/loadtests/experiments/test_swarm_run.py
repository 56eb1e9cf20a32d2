"""What is believed of a locust that has ended, and a real one that is killed while it sends."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest

from loadtests.experiments.swarm_run import Load, counted, swarm
from loadtests.running import CannotMeasure
from tests.fakes.web_server import Exchange, WebServer
from tests.polling import until


def text(failures: int) -> str:
    times = {"started": 10.0, "ended": 12.5}
    document = {"requests": 9, "failures": failures, "servers": {"S1": 9}, "seconds": [], "latency_ms": {}}
    return json.dumps(document | times)


@pytest.mark.parametrize(("code", "failures"), [(0, 0), (1, 2)])
def test_one_that_counted_everything(code: int, failures: int) -> None:
    found = counted(code, text(failures), "")
    assert (found.requests, found.failures, found.duration) == (9, failures, 2.5)


@pytest.mark.parametrize(
    ("code", "failures"), [(-9, None), (-15, None), (0, None), (1, None), (-9, 0), (1, 0), (2, 0), (0, 1), (2, 1)]
)
def test_one_that_was_killed_or_gave_up_or_is_at_odds_with_itself(code: int, failures: int | None) -> None:
    wrote = None if failures is None else text(failures)
    with pytest.raises(CannotMeasure, match=rf"locust ended with code {code}:\nTraceback"):
        counted(code, wrote, "Traceback\n")


def test_a_rate_is_shared_by_the_users() -> None:
    words = ["-u", "8", "-r", "8", "--path", "/home"]
    assert Load(rate=200).words == [*words, "--rate", "25.0", "ConstantThroughputUser"]
    assert Load(requests=50).words == [*words, "--requests", "50", "PlainUser"]


def test_a_locust_that_is_killed_has_measured_nothing() -> None:
    documents: dict[str, Any] = {
        "/rep": {"message": {"N": 1, "replicas": ["S1"]}, "status": "successful"},
        "/readyz": {"replicas": ["S1"]},
        "/ring": {
            "profile": {"strategy": "table", "request_hash": "crc32", "key": "random"},
            "version": 1,
            "servers": [],
        },
    }

    def answer(exchange: Exchange) -> None:
        exchange.reply(body=json.dumps(documents.get(exchange.path, {})).encode())

    with WebServer(answer) as server:
        url = f"http://{server.address}"
        system = SimpleNamespace(url=url, control_url=url, token="")
        with swarm(cast(Any, system), Load(users=2, requests=1_000_000)) as running:
            until(lambda: any(request.target == "/home" for request in server.received), "locust sends", within=30)
            # Tests that ran before in this process may have left children of other kinds.
            (locust,) = [child for child in psutil.Process().children() if url in child.cmdline()]
            locust.kill()
            with pytest.raises(CannotMeasure, match="locust ended with code -9"):
                running.counted()
