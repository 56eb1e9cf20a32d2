from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from balancer.core.event import EventKind
from tests.unit.balancer.in_memory import InMemoryBalancer
from tests.unit.ringmaster.conftest import Run
from tests.unit.ringmaster.control_port import ControlPort

PROJECT = Path(__file__).parents[4]


@contextmanager
def started(port: ControlPort, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own."""
    sources = f"{PROJECT / 'apps' / 'balancer' / 'src'}"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": sources,
        "RINGMASTER_URL": port.url,
        "HOME": "/nonexistent",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "ringmaster", *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def test_each_event_is_a_line_however_long(run: Run) -> None:
    run("add", "--hostname", "S4")
    result = run("events")
    (joined,) = [line for line in result.stdout.splitlines() if " S4 " in line]
    assert joined.split()[3:6] == ["joined", "S4", "a"]
    assert max(map(len, result.stdout.splitlines())) > 100


def test_they_are_chosen_by_kind_server_and_number(run: Run, port: ControlPort) -> None:
    run("events", "--kind", "failed", "--server", "S1", "--since", "7", "--limit", "5")
    assert port.asked[-1].query == "kind=failed&server=S1&since=7&limit=5"
    run("events", "--since", "7")
    assert port.asked[-1].query == "since=7"
    run("events")
    assert port.asked[-1].query == "limit=20"


def test_as_json_it_is_the_answer_as_it_came(run: Run, port: ControlPort) -> None:
    port.own["GET", "/events"] = 200, '{"events":[],"next":0,"dropped":0,"as":"it came"}'
    assert run("events", "--json").stdout == '{"events":[],"next":0,"dropped":0,"as":"it came"}\n'


def test_what_is_no_text_is_not_sent(run: Run, port: ControlPort) -> None:
    result = run("events", "--server", "\udcff")
    assert result.exit_code == 2
    assert "no UTF-8" in result.stderr
    assert port.asked == []


def test_forgotten_events_are_told(run: Run, port: ControlPort) -> None:
    port.own["GET", "/events"] = 200, {"events": [], "next": 0, "dropped": 12}
    assert run("events", "--since", "1").stdout == "12 events before were forgotten already\n"


def test_an_unknown_kind_is_refused_with_the_kinds(run: Run) -> None:
    result = run("events", "--kind", "nonsense")
    assert result.exit_code == 3
    assert "replaced" in result.stderr


def test_followed_they_go_on_until_ctrl_c(port: ControlPort, balancer: InMemoryBalancer) -> None:
    with started(port, "events", "-f", "--kind", "weight", "--json") as process:
        while not any(one.headers.get("accept") == "text/event-stream" for one in port.asked):
            assert process.poll() is None
        balancer.ring.weigh("S1", 2)
        balancer.ring.weigh("S2", 3)
        seen = [json.loads(line(process)) for _ in range(2)]
        assert [(event["kind"], event["server"]) for event in seen] == [("weight", "S1"), ("weight", "S2")]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
        assert process.stderr
        assert process.stderr.read().strip() == ""


def test_followed_they_begin_with_the_past(port: ControlPort, balancer: InMemoryBalancer) -> None:
    balancer.ring.weigh("S1", 2)
    with started(port, "events", "-f", "--kind", "weight") as process:
        assert line(process).split()[3:5] == ["weight", "S1"]
        balancer.ring.weigh("S2", 3)
        assert line(process).split()[3:5] == ["weight", "S2"]


def test_a_reader_that_leaves_ends_it_quietly(port: ControlPort, balancer: InMemoryBalancer) -> None:
    with started(port, "events", "-f", "--kind", "weight") as process:
        assert process.stdout
        process.stdout.close()
        while process.poll() is None:
            balancer.ring.weigh("S1", 2)
            balancer.ring.weigh("S1", 3)
        assert process.stderr
        assert (process.returncode, process.stderr.read()) == (141, "")


def test_a_picture_whose_reader_has_left_is_quiet(port: ControlPort) -> None:
    with started(port, "status") as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        assert (process.wait(timeout=20), process.stderr.read()) == (141, "")


def test_an_event_tells_the_node_where_it_is_known(run: Run, balancer: InMemoryBalancer) -> None:
    balancer.events.record(EventKind.EDGE_LOST, node="w2", reason="nothing was heard of it for 3.0 s")
    assert run("events").stdout.endswith("nothing was heard of it for 3.0 s; on w2\n")
