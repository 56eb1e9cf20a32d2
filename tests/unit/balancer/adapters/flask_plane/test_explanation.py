"""Which way a request goes by its key, and who is told of it: the client in headers, the operator in the access log."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from werkzeug.test import TestResponse

from balancer.core.key_source import KeySource
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.routes import Routes
from tests.fakes.web_server import Answer, Exchange
from tests.unit.balancer.adapters.flask_plane.rig import CRC32, SLOTS, Rig, break_off, hello

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

# What an answer tells of its way


def explanation(answer: TestResponse) -> tuple[list[str], ...]:
    return tuple(answer.headers.getlist(name) for name in ("X-Served-By", "X-Ring-Slot", "X-Ring-Attempt"))


def forge(exchange: Exchange) -> None:
    exchange.reply(headers=[("X-Served-By", "me"), ("x-ring-slot", "9"), ("X-Ring-Attempt", "9"), ("X-Own", "1")])


def test_an_answer_tells_its_server_slot_and_attempt(rig: Rig) -> None:
    rig.serve(forge)
    answer = rig.ask()
    assert explanation(answer) == (["A"], ["0"], ["1"])
    assert answer.headers["X-Own"] == "1"


def test_a_repeated_request_tells_its_own_slot_and_the_last_attempt(rig: Rig) -> None:
    rig.serve(break_off, break_off, hello)
    assert explanation(rig.ask()) == (["C"], ["0"], ["3"])


def test_the_handouts_400_tells_it_too(rig: Rig) -> None:
    rig.course_errors = True
    rig.serve(lambda exchange: exchange.reply(404, headers=[("X-Ring-Slot", "9")]))
    answer = rig.ask()
    assert (answer.status_code, explanation(answer)) == (400, (["A"], ["0"], ["1"]))


def test_explaining_can_be_turned_off(rig: Rig) -> None:
    rig.explain = False
    rig.course_errors = True
    rig.serve(lambda exchange: exchange.reply(200))
    assert explanation(rig.ask()) == ([], [], [])
    rig.serve(lambda exchange: exchange.reply(404))
    answer = rig.ask()
    assert (answer.status_code, explanation(answer)) == (400, ([], [], []))


def test_what_the_plane_answers_by_itself_names_no_server(rig: Rig) -> None:
    rig.serve(break_off)
    answer = rig.ask()
    assert (answer.status_code, explanation(answer)) == (502, ([], [], []))


# Keys


def test_a_key_of_the_request_decides_its_server(rig: Rig) -> None:
    rig.serve(hello, hello, hello, hello)
    rig.route({name: server.address for name, server in rig.servers.items()}, key="header:X-User")
    for user in ("ann", "bob", "Zo\xc3\xab", "\xff", "x, y"):
        slot = CRC32.slot(user.encode("latin-1"), SLOTS)
        assert explanation(rig.ask(headers={"X-User": user})) == (["ABCD"[slot]], [str(slot)], ["1"])
    assert rig.plane.keyless() == 0


def test_a_request_without_its_key_is_counted_once_however_often_it_is_repeated(rig: Rig) -> None:
    rig.serve(break_off, break_off, hello)
    rig.route({name: server.address for name, server in rig.servers.items()}, key="cookie:session")
    assert explanation(rig.ask()) == (["C"], ["0"], ["3"])
    assert rig.plane.keyless() == 1


def test_routes_that_change_between_two_attempts_hold_for_the_second_one_as_a_whole(rig: Rig) -> None:
    """The first server fails because it is gone, and the routes that come with that have other slots and keys."""

    def switch(exchange: Exchange) -> None:
        rig.plane.apply(Routes(("",) * 62 + ("B", "A"), rig.backends, REQUEST_HASHES["xxh64"], KeySource.parse("path")))
        exchange.break_off()

    rig.serve(switch, hello)
    answer = rig.ask(path="/b?x=1")
    assert explanation(answer) == (["B"], [str(REQUEST_HASHES["xxh64"].slot(b"/b", 64))], ["2"])


# The access log


def test_only_errors_are_logged_where_only_errors_are_wanted(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    statuses = iter([200, 404, 500])
    rig.serve(lambda exchange: exchange.reply(next(statuses)))
    for _ in range(3):
        rig.ask()
    assert [line["status"] for line in lines(caplog)] == [500]


def test_every_request_is_logged_where_all_are_wanted(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    rig.access_log = "all"
    rig.serve(break_off, hello)
    rig.ask("PUT", path="/a%20b?secret=1", headers={"X-Request-Id": "mine", "traceparent": TRACEPARENT})
    [line] = lines(caplog)
    assert 0 <= line.pop("milliseconds") < 10_000
    assert line == {
        "client": "192.0.2.7",
        "method": "PUT",
        "path": "/a%20b",
        "status": 200,
        "bytes": len(b"hello"),
        "server": "B",
        "slot": 0,
        "key": "random",
        "attempt": 2,
        "repeated": "broke off",
        "request_id": "mine",
        "traceparent": TRACEPARENT,
    }


def test_a_request_keeps_one_id_in_the_log_and_at_every_server(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    rig.access_log = "all"
    rig.serve(break_off, hello)
    rig.ask()
    seen = {rig.received(name)[0].headers["X-Request-Id"] for name in "AB"}
    assert seen == {line["request_id"] for line in lines(caplog)}
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([], (503, "", None, 0)),
        ([break_off], (502, "A", 0, 1)),
        ([break_off] * 4, (502, "C", 0, 3)),
        ([lambda exchange: exchange.reply(503)], (503, "A", 0, 1)),
    ],
)
def test_errors_are_logged_with_the_last_attempt(
    rig: Rig, caplog: pytest.LogCaptureFixture, answers: list[Answer], told: tuple[object, ...]
) -> None:
    rig.serve(*answers)
    rig.ask()
    [line] = lines(caplog)
    assert tuple(line[name] for name in ("status", "server", "slot", "attempt")) == told


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The access log, as far as it is not every log's."""
    plain = vars(logging.makeLogRecord({})).keys() | {"message", "taskName"}
    return [
        {name: value for name, value in vars(record).items() if name not in plain}
        for record in caplog.records
        if record.name == "balancer.adapters.flask_plane.access_log"
    ]
