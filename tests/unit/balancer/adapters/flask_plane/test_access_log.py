"""The access log: which requests are in it, why they were repeated, and their traces."""

from __future__ import annotations

import itertools
import logging
from typing import Any

import pytest

from balancer.adapters.flask_plane.access_log import AccessLog
from balancer.adapters.flask_plane.incoming import Incoming
from balancer.adapters.flask_plane.journey import Journey
from balancer.adapters.flask_plane.unreachable import LIMIT
from balancer.core.access_log import OF
from balancer.core.key_source import Message
from balancer.core.traceparent import is_valid
from balancer.ports.answers import Repeated
from tests.fakes.web_server import Answer, Exchange
from tests.unit.balancer.adapters.flask_plane.rig import CRC32, SLOTS, Rig, break_off, hello

GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
REQUEST = Incoming(
    method="GET",
    target="/",
    headers={"X-Request-Id": "1"},
    body=None,
    is_chunked=False,
    client="192.0.2.7",
    message=Message(path=b"/", query=b"", headers={}, client=b""),
)


def logged(caplog: pytest.LogCaptureFixture, name: str) -> list[Any]:
    """The field of all lines."""
    logger = "balancer.adapters.flask_plane.access_log"
    return [getattr(record, name) for record in caplog.records if record.name == logger]


def trace(rig: Rig, name: str = "A") -> tuple[list[str], list[str]]:
    """What the server got."""
    headers = rig.received(name)[-1].headers
    return headers.get_all("traceparent", []), headers.get_all("tracestate", [])


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


# Which requests


@pytest.mark.parametrize(("drawn", "is_there"), [(0, True), (9_999, True), (10_000, False), (OF - 1, False)])
def test_of_the_others_a_part_is_logged(caplog: pytest.LogCaptureFixture, drawn: int, is_there: bool) -> None:
    log = AccessLog("1%", draw=lambda below: {OF: drawn}[below])
    log.note(REQUEST, status=200, size=0, seconds=0, journey=Journey())
    assert logged(caplog, "status") == ([200] if is_there else [])


@pytest.mark.parametrize("kind", ["errors", "1%", "all"])
def test_failed_and_repeated_requests_are_always_logged(caplog: pytest.LogCaptureFixture, kind: str) -> None:
    log = AccessLog(kind, draw=lambda below: below - 1)
    log.note(REQUEST, status=500, size=0, seconds=0, journey=Journey())
    log.note(REQUEST, status=200, size=0, seconds=0, journey=Journey(repeated=[Repeated.broke_off]))
    log.note(REQUEST, status=404, size=0, seconds=0, journey=Journey())
    log.note(REQUEST, status=201, size=0, seconds=0, journey=Journey(repeated=[Repeated.was_down]))
    assert logged(caplog, "status") == ([500, 200, 404, 201] if kind == "all" else [500, 200])


def test_the_sample_is_drawn_at_random(caplog: pytest.LogCaptureFixture) -> None:
    log = AccessLog("50%")
    for _ in range(200):
        log.note(REQUEST, status=200, size=0, seconds=0, journey=Journey())
    assert 50 < len(logged(caplog, "status")) < 150


# Why a request was repeated


def refuse(rig: Rig, name: str) -> None:
    """Nobody listens at the server's address."""
    addresses = {other: server.address for other, server in rig.servers.items()}
    rig.route(addresses | {name: "127.0.0.1:1"})


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([hello], []),
        ([break_off, hello], ["broke off"]),
        ([break_off, break_off, hello], ["broke off, broke off"]),
        ([break_off] * 3, ["broke off, broke off"]),
        ([break_off], [""]),
    ],
)
def test_a_line_says_why_its_request_went_on(
    rig: Rig, caplog: pytest.LogCaptureFixture, answers: list[Answer], why: list[str]
) -> None:
    rig.serve(*answers)
    rig.ask()
    assert logged(caplog, "repeated") == why


def test_a_request_that_may_not_be_repeated_was_not(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.serve(break_off, hello)
    assert rig.ask("POST", data=b"x").status_code == 502
    assert logged(caplog, "repeated") == [""]


def test_a_server_that_could_not_be_reached_is_known_as_down_after_some_attempts(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.access_log = "all"
    rig.serve(hello, hello)
    refuse(rig, "A")
    for _ in range(LIMIT + 1):
        rig.ask()
    assert logged(caplog, "repeated") == ["could not be reached"] * LIMIT + ["server was down"]
    assert logged(caplog, "attempt") == [2] * LIMIT + [1]


def test_reasons_come_in_their_order(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.serve(break_off, hello, hello)
    refuse(rig, "B")
    rig.ask()
    assert logged(caplog, "repeated") == ["broke off, could not be reached"]


# Where the key came from


def test_a_line_names_the_source_of_the_key_and_never_the_key(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.access_log = "all"
    rig.serve(hello, hello)
    rig.route({name: server.address for name, server in rig.servers.items()}, key="header:X-User")
    rig.ask(headers={"X-User": "secret"})
    rig.ask()
    assert logged(caplog, "key") == ["header:X-User", "random"]
    assert logged(caplog, "slot")[0] == CRC32.slot(b"secret", SLOTS)
    assert "secret" not in str([vars(record) for record in caplog.records])


# How much was answered


def test_a_line_comes_at_the_end_of_a_long_answer_with_all_its_bytes(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.access_log = "all"

    before: list[list[int]] = []

    def long(exchange: Exchange) -> None:
        exchange.begin_chunks()
        for piece in (b"x" * 70_000, b"y" * 10):
            exchange.chunk(piece)
        before.append(logged(caplog, "bytes"))
        exchange.chunk(b"")

    rig.serve(long)
    assert len(rig.ask().data) == 70_010
    assert (before, logged(caplog, "bytes")) == ([[]], [70_010])


# Traces


@pytest.mark.parametrize("choice", ["make", "pass"])
def test_a_valid_traceparent_passes_unchanged_with_its_state(
    rig: Rig, caplog: pytest.LogCaptureFixture, choice: str
) -> None:
    rig.access_log, rig.traceparent = "all", choice
    rig.serve(hello)
    rig.ask(headers={"traceparent": GOOD, "tracestate": "a=b,c=d"})
    assert trace(rig) == ([GOOD], ["a=b,c=d"])
    assert logged(caplog, "traceparent") == [GOOD]


@pytest.mark.parametrize("sent", [{}, {"traceparent": "x"}, {"traceparent": f"{GOOD},{GOOD}"}])
def test_a_missing_or_invalid_one_is_replaced_and_the_state_goes(
    rig: Rig, caplog: pytest.LogCaptureFixture, sent: dict[str, str]
) -> None:
    rig.access_log = "all"
    rig.serve(hello)
    rig.ask(headers={**sent, "tracestate": "a=b"})
    ((made,), state) = trace(rig)
    assert is_valid(made)
    assert state == []
    assert logged(caplog, "traceparent") == [made]


@pytest.mark.parametrize(("sent", "state"), [({}, ["a=b"]), ({"traceparent": "x"}, []), ({"traceparent": ""}, [])])
def test_where_none_is_made_an_invalid_one_goes_all_the_same(
    rig: Rig, caplog: pytest.LogCaptureFixture, sent: dict[str, str], state: list[str]
) -> None:
    rig.access_log, rig.traceparent = "all", "pass"
    rig.serve(hello)
    rig.ask(headers={**sent, "tracestate": "a=b"})
    assert trace(rig) == ([], state)
    assert logged(caplog, "traceparent") == [""]


def test_every_request_gets_one_of_its_own_and_keeps_it_from_server_to_server(rig: Rig) -> None:
    rig.serve(break_off, hello)
    rig.ask()
    rig.ask()
    first, second = (
        list(itertools.chain(*(request.headers.get_all("traceparent", []) for request in rig.received(name))))
        for name in "AB"
    )
    assert first == second
    assert len(set(first)) == len(first) == 2
