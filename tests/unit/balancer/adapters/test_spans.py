"""Spans of events, as a collector gets them over HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from balancer.adapters.spans import Spans
from balancer.core.event import Event, EventKind
from tests.fakes.collector import Collector, attributes
from tests.polling import until

GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
JOINED = Event(1, 1_800_000_000.5, EventKind.JOINED, server="S4", reason="an add", seconds=1.25, facts={"slots": 128})


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


def delivered(collector: Collector, *events: Event) -> list[Span]:
    spans = Spans(collector.url, "blue")
    spans.start()
    for event in events:
        spans(event)
    spans.stop()
    return collector.spans


def test_an_event_that_took_time_is_a_span(collector: Collector) -> None:
    (span,) = delivered(collector, JOINED)
    assert span.name == "joined"
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (
        1_799_999_999_250_000_000,
        1_800_000_000_500_000_000,
    )
    assert attributes(span) == {
        "ringmaster.server": "S4",
        "ringmaster.reason": "an add",
        "ringmaster.slots": 128,
    }
    assert (span.parent_span_id, span.status.code) == (b"", Status.STATUS_CODE_UNSET)
    assert collector.paths == ["/v1/traces"]


def test_the_resource_is_the_deployment(collector: Collector) -> None:
    delivered(collector, JOINED)
    (resource,) = collector.resources
    assert (resource["service.name"], resource["ringmaster.deployment"]) == ("ringmaster", "blue")


def test_an_endpoint_may_have_a_path(collector: Collector) -> None:
    spans = Spans(f"{collector.url}/team/", "blue")
    spans.start()
    spans(JOINED)
    spans.stop()
    assert collector.paths == ["/team/v1/traces"]


def test_an_event_that_took_no_time_is_none(collector: Collector) -> None:
    assert delivered(collector, Event(1, 1.0, EventKind.SILENT, server="S1")) == []


def test_facts_that_are_lists_are_json(collector: Collector) -> None:
    (span,) = delivered(
        collector, Event(1, 1.0, EventKind.SCALE, seconds=0, facts={"servers": ["S4", "S5"], "x": None})
    )
    assert attributes(span) == {"ringmaster.servers": '["S4", "S5"]'}


def test_a_change_belongs_to_the_trace_of_its_request_whether_that_was_sampled_or_not(collector: Collector) -> None:
    (span,) = delivered(collector, Event(1, 1.0, EventKind.CHANGE, seconds=0.5, facts={"traceparent": GOOD}))
    assert span.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert span.parent_span_id.hex() == "b7ad6b7169203331"


def test_a_change_of_no_valid_trace_begins_one(collector: Collector) -> None:
    (span,) = delivered(collector, Event(1, 1.0, EventKind.CHANGE, seconds=0.5, facts={"traceparent": "x"}))
    assert span.parent_span_id == b""


@pytest.mark.parametrize(
    "event",
    [
        Event(1, 1.0, EventKind.CHANGE, reason="n: 9 is too many", seconds=0.5, facts={"status": 400}),
        Event(1, 1.0, EventKind.FAILED, reason="exited", seconds=0.5),
    ],
)
def test_what_failed_is_an_error(collector: Collector, event: Event) -> None:
    (span,) = delivered(collector, event)
    assert (span.status.code, span.status.message) == (Status.STATUS_CODE_ERROR, event.reason)


def test_nothing_is_noted_before_the_start_and_after_the_stop(collector: Collector) -> None:
    spans = Spans(collector.url, "blue")
    spans(JOINED)
    spans.start()
    spans.stop()
    spans(JOINED)
    spans.stop()
    assert collector.spans == []


def test_no_thread_runs_before_the_start() -> None:
    before = set(threading.enumerate())
    spans = Spans("http://127.0.0.1:1", "blue")
    assert set(threading.enumerate()) <= before
    spans.start()
    assert len(set(threading.enumerate()) - before) == 1
    spans.stop()


def test_a_collector_that_comes_and_goes_is_a_line_of_the_log_each_time(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    spans = Spans(collector.url, "blue", pause=10)
    spans.start()
    for status, delivered in ((400, 3), (200, 5), (404, 7)):
        collector.status = HTTPStatus(status)
        while len(collector.paths) < delivered:
            known = len(collector.paths)
            spans(JOINED)
            until(lambda known=known: len(collector.paths) > known, "it is delivered", within=5, pause=0.01)
    spans.stop()
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert lines == [
        ("WARNING", "the collector gets no span"),
        ("INFO", "the collector gets spans again"),
        ("WARNING", "the collector gets no span"),
    ]


@pytest.mark.parametrize("hangs", [True, False])
def test_a_collector_that_is_away_costs_spans_and_one_line(caplog: pytest.LogCaptureFixture, hangs: bool) -> None:
    """However many there are. A stop gives up, too."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        spans = Spans(f"http://127.0.0.1:{nobody.getsockname()[1] if hangs else 1}", "blue", pause=10)
        spans.start()
        for _ in range(5000):
            spans(JOINED)
        spans.stop()
    lines = [record.getMessage() for record in caplog.records]
    assert lines.count("the collector gets no span") == len(lines) <= 1


def loaded(**environment: str) -> list[str]:
    """The modules that an application of these settings has loaded, in a process of its own."""
    program = (
        "import json, os, sys; from balancer.bootstrap import build; from balancer.settings import read; "
        "build(read(os.environ)); "
        "print(json.dumps([name for name in sys.modules if name.startswith(('opentelemetry', 'google.protobuf'))]))"
    )
    source = Path(__file__).parents[4] / "apps/balancer/src"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(source), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    modules: list[str] = json.loads(ran.stdout)
    return modules


def test_where_no_collector_is_set_its_libraries_are_not_loaded() -> None:
    assert loaded() == []
    assert loaded(RINGMASTER_OTLP_ENDPOINT="http://127.0.0.1:1") != []
