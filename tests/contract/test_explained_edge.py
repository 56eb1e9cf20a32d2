"""What the edge tells of a request: its server, slot and attempt, as headers and in its log."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from uuid import uuid4

import pytest

from balancer.core.routes import Backend
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import PORT, Lab, answers
from tests.contract.plane_bench import SLOTS, all_to, dead, nearly_all_to
from tests.http_client import Answer, ask
from tests.polling import until

pytestmark = pytest.mark.docker

HEADERS = ("X-Served-By", "X-Ring-Slot", "X-Ring-Attempt")
ODD_SERVERS = """\
global
    fd-hard-limit 1000
defaults
    mode http
    timeout client 60s
frontend liar
    bind :8001
    http-request return status 200 hdr X-Served-By somebody hdr X-Ring-Slot 99 hdr X-Ring-Slot 98 hdr X-Ring-Attempt 9
frontend mute
    bind :8002
    http-request reject if !{ path /heartbeat }
    http-request return status 200
frontend stranger
    bind :8003
    http-request return status 404 hdr X-Served-By somebody hdr X-Ring-Slot 99 hdr X-Ring-Attempt 9
"""
"""The mute one takes a request and closes the connection without an answer."""


@pytest.fixture(scope="module")
def odd(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Backend]:
    folder = tmp_path_factory.mktemp("odd")
    (folder / "odd.cfg").write_text(ODD_SERVERS)
    folder.chmod(0o755)
    container = lab.run(
        "odd", lab.edge_image, entrypoint=["haproxy", "-db", "-f", "/odd/odd.cfg"], volumes=[f"{folder}:/odd:ro"]
    )
    host = lab.address(container)
    names = ("liar", "mute", "stranger")
    backends = {name: Backend(name, f"{host}:{port}") for port, name in enumerate(names, start=8001)}
    until(partial(answers, backends["liar"].address), "they answer", within=10)
    return backends


def told(answer: Answer) -> list[list[str] | None]:
    return [answer.headers.get_all(name) for name in HEADERS]


@pytest.mark.parametrize("course_errors", [True, False])
def test_a_server_cannot_lie_about_it(
    haproxy_bench: HaproxyBench, odd: dict[str, Backend], course_errors: bool
) -> None:
    plane = haproxy_bench.other(course_errors=course_errors)
    for name, status in (("liar", 200), ("stranger", 400 if course_errors else 404)):
        haproxy_bench.obey(plane, all_to(odd[name]))
        answer = ask("GET", haproxy_bench.url, "/home")
        server, slot, attempt = told(answer)
        assert (answer.status, server, attempt) == (status, [name], ["1"])
        assert slot is not None
        assert int("".join(slot)) < SLOTS


@pytest.mark.parametrize("course_errors", [True, False])
def test_where_nothing_is_told_the_edge_adds_nothing(
    haproxy_bench: HaproxyBench, odd: dict[str, Backend], course_errors: bool
) -> None:
    plane = haproxy_bench.other(explain=False, course_errors=course_errors)
    haproxy_bench.obey(plane, all_to(haproxy_bench.servers[0]))
    for path in ("/home", "/nowhere"):
        assert told(ask("GET", haproxy_bench.url, path)) == [None, None, None]
    haproxy_bench.obey(plane, all_to(odd["liar"]))
    assert told(ask("GET", haproxy_bench.url, "/home")) == [["somebody"], ["99", "98"], ["9"]]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_attempt_that_finds_nobody_is_followed_by_a_second_one(haproxy_bench: HaproxyBench, method: str) -> None:
    one, two, _ = haproxy_bench.servers
    haproxy_bench.plane.apply(nearly_all_to(dead(one), two))
    answer = ask(method, haproxy_bench.url, "/echo", body=b"x" if method == "POST" else None)
    assert (answer.status, answer.headers["X-Served-By"], answer.headers["X-Ring-Attempt"]) == (200, "S2", "2")


def test_an_attempt_that_gets_no_answer_is_followed_by_a_second_one(
    haproxy_bench: HaproxyBench, odd: dict[str, Backend]
) -> None:
    haproxy_bench.plane.apply(nearly_all_to(odd["mute"], haproxy_bench.servers[0]))
    answer = ask("GET", haproxy_bench.url, "/home")
    assert (answer.status, answer.headers["X-Served-By"], answer.headers["X-Ring-Attempt"]) == (200, "S1", "2")
    answer = ask("POST", haproxy_bench.url, "/home", body=b"x")
    assert (answer.status, *told(answer)) == (502, None, None, None)


@pytest.mark.parametrize(("body", "bufsize", "status"), [(6000, 8192, 200), (20_000, 8192, 502), (20_000, 32_768, 200)])
def test_a_body_is_repeated_as_far_as_it_fits_into_the_edges_buffer(
    haproxy_bench: HaproxyBench, odd: dict[str, Backend], body: int, bufsize: int, status: int
) -> None:
    haproxy_bench.obey(haproxy_bench.other(bufsize=bufsize), nearly_all_to(odd["mute"], haproxy_bench.servers[0]))
    answer = put_slowly(haproxy_bench, b"x" * body)
    assert answer.status == status
    if status == 200:
        assert (answer.headers["X-Served-By"], answer.headers["X-Ring-Attempt"]) == ("S1", "2")


@pytest.mark.parametrize(("bufsize", "status"), [(8192, 400), (16_384, 200)])
def test_the_head_of_a_request_must_fit_into_the_edges_buffer(
    haproxy_bench: HaproxyBench, bufsize: int, status: int
) -> None:
    haproxy_bench.obey(haproxy_bench.other(bufsize=bufsize), all_to(haproxy_bench.servers[0]))
    assert ask("GET", haproxy_bench.url, "/echo", headers={"X-Long": "x" * 6500}).status == 200
    assert ask("GET", haproxy_bench.url, "/echo", headers={"X-Long": "x" * 7500}).status == status


def test_a_request_is_a_line_in_the_log(haproxy_bench: HaproxyBench) -> None:
    haproxy_bench.obey(haproxy_bench.other(access_log="all"), all_to(*haproxy_bench.servers))
    run = uuid4().hex
    headers = {"X-Request-ID": run, "Authorization": "Bearer secret", "Cookie": "a=secret"}
    answer = ask("PUT", haproxy_bench.url, "/echo?key=secret", headers=headers)
    (line,) = until(lambda: log(haproxy_bench, run), "there is a line", within=5)
    assert_is_now(line.pop("time"))
    assert 0 <= line.pop("milliseconds") < 10_000
    assert line.pop("bytes") > len(answer.body)
    assert line == {
        "level": "info",
        "logger": "edge",
        "message": "request",
        "client": answer.document["headers"]["X-Forwarded-For"],
        "method": "PUT",
        "path": "/echo",
        "status": 200,
        "server": "S1",
        "slot": int(answer.headers["X-Ring-Slot"]),
        "key": "random",
        "attempt": 1,
        "repeated": "",
        "request_id": run,
        "traceparent": answer.document["headers"]["Traceparent"],
    }
    assert b"secret" not in haproxy_bench.container.logs()


def test_where_only_errors_are_logged_a_second_attempt_is_one(haproxy_bench: HaproxyBench) -> None:
    one, two, _ = haproxy_bench.servers
    good, bad = uuid4().hex, uuid4().hex
    for run, server in ((good, one), (bad, dead(one))):
        haproxy_bench.plane.apply(nearly_all_to(server, two))
        assert ask("GET", haproxy_bench.url, "/home", headers={"X-Request-ID": run}).status == 200
    (line,) = until(lambda: log(haproxy_bench, bad), "there is a line", within=5)
    assert (line["status"], line["server"], line["attempt"]) == (200, "S2", 2)
    assert log(haproxy_bench, good) == []


def test_a_404_of_the_second_server_is_its_line_in_the_log(
    haproxy_bench: HaproxyBench, odd: dict[str, Backend]
) -> None:
    """Also where the answer is the handout's."""
    plane = haproxy_bench.other(course_errors=True)
    haproxy_bench.obey(plane, nearly_all_to(odd["mute"], odd["stranger"]))
    run = uuid4().hex
    answer = ask("GET", haproxy_bench.url, "/home", headers={"X-Request-ID": run})
    assert (answer.status, answer.headers["X-Ringmaster-By"]) == (400, None)
    (line,) = until(lambda: log(haproxy_bench, run), "there is a line", within=5)
    assert (line["status"], line["server"], line["attempt"]) == (400, "stranger", 2)


def test_whatever_a_client_sends_a_line_is_json(haproxy_bench: HaproxyBench) -> None:
    haproxy_bench.obey(haproxy_bench.other(access_log="all", bufsize=32_768), all_to(*haproxy_bench.servers))
    run = uuid4().hex
    odd_ids = ['"\\', "\t\x01\x7f", "\xe9\xff", "x" * 9000, "\\" * 9000]
    for odd_id in odd_ids:
        ask("GET", haproxy_bench.url, "/\"'\\{}<>" + "y" * 3000, headers={"X-Request-ID": run + odd_id})
    lines = until(lambda: len(log(haproxy_bench, run)) == len(odd_ids) and log(haproxy_bench, run), "lines", within=5)
    ids = [line["request_id"].removeprefix(run) for line in lines]
    assert ids == ['"\\', "", "", "x" * 96, "\\" * 96]


def test_a_request_that_no_server_gets_is_an_error_in_the_log(haproxy_bench: HaproxyBench) -> None:
    """The balancer's own, here: nobody is behind its socket."""
    run = uuid4().hex
    ask("POST", haproxy_bench.url, "/add?x=secret", body=b"{}", headers={"X-Request-ID": run})
    line = until(lambda: log(haproxy_bench, run), "there is a line", within=5)[0]
    assert (line["status"], line["path"], line["server"], line["slot"]) in (
        (503, "/add", "balancer", ""),
        (503, "/add", "", ""),  # a check has found out already
    )


def log(bench: HaproxyBench, run: str) -> list[dict[str, Any]]:
    """The lines of the requests whose id begins with `run`."""
    text = bench.container.logs(stdout=True, stderr=False).decode()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{") and f'"request_id": "{run}' in line]
    return [line for line in lines if line["message"] == "request"]


def assert_is_now(text: str) -> None:
    time = datetime.fromisoformat(text)
    assert abs(datetime.now(UTC) - time) < timedelta(minutes=1)
    assert text == time.astimezone(UTC).isoformat(timespec="milliseconds")


def put_slowly(bench: HaproxyBench, body: bytes) -> HTTPResponse:
    """Its body comes a moment after its head, as many clients send them."""
    connection = HTTPConnection(bench.host, PORT, timeout=10)
    try:
        connection.putrequest("PUT", "/echo")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        time.sleep(0.1)
        connection.send(body)
        return connection.getresponse()
    finally:
        connection.close()
