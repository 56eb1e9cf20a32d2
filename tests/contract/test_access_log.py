"""The access log of both data planes: the same fields, and the same story of a request."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from balancer.adapters.haproxy.exporter import HaproxyExporter
from balancer.core.key_source import KeySource
from balancer.core.routes import Backend, Routes
from balancer.core.traceparent import is_valid
from balancer.logs import JsonFormatter
from tests.contract.flask_bench import FlaskBench
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import Lab
from tests.contract.plane_bench import FLASK, HAPROXY, RealPlaneBench, nearly_all_to
from tests.fakes.web_server import Answer, Exchange, WebServer
from tests.polling import until

FIELDS = {
    *("time", "level", "logger", "message", "client", "method", "path", "status", "bytes", "milliseconds"),
    *("server", "slot", "key", "attempt", "repeated", "request_id", "traceparent"),
}
GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LATER = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-and.more"
INVALID = [
    (),
    (GOOD + "x",),
    (GOOD.upper(),),
    (GOOD.replace("00-", "ff-", 1),),
    (GOOD.replace("b7ad6b7169203331", "0" * 16),),
    (LATER.replace("-and", ".and"),),
    (GOOD, GOOD),
]


@dataclass(frozen=True, slots=True)
class Logged:
    """A plane, and its log. `host`: where servers listen that the plane can reach. `texts` returns the log's lines.
    `is_settled`: whether nothing obeys older settings any more."""

    bench: RealPlaneBench
    host: str
    texts: Callable[[], list[str]]
    stack: ExitStack
    is_settled: Callable[[], bool] = lambda: True

    def change(self, **changes: Any) -> None:
        """The settings are these. A process from before the reload could answer the next request, and log as before."""
        self.bench.change(**changes)
        until(self.is_settled, "the old processes have ended", within=10)

    def serve(self, *answers: Answer, key: str = "random") -> list[WebServer]:
        """Servers S1, S2 … with these answers; S1 gets all requests, and S2 is the next one on the ring."""
        servers = [self.stack.enter_context(WebServer(answer, self.host)) for answer in answers]
        self.route(*(Backend(f"S{number}", server.address) for number, server in enumerate(servers, 1)), key=key)
        return servers

    def route(self, *backends: Backend, key: str = "random") -> None:
        routes = replace(nearly_all_to(*backends, backends[0]), backends=backends, key=KeySource.parse(key))
        until(lambda: _obeys(self.bench, routes), "the plane obeys the routes", within=10)

    def ask(self, *headers: tuple[str, str], method: str = "GET", path: str = "/home?secret=1") -> dict[str, Any]:
        """The line of a request with these headers, each a line of its own."""
        run = uuid4().hex
        address = urlsplit(self.bench.url)
        connection = HTTPConnection(address.hostname or "", address.port, timeout=20)
        connection.putrequest(method, path)
        for name, value in (("X-Request-ID", run), *headers):
            connection.putheader(name, value)
        connection.endheaders()
        connection.getresponse().read()
        connection.close()
        (line,) = until(lambda: self.lines(run), "there is a line", within=5)
        return line

    def lines(self, run: str = "") -> list[dict[str, Any]]:
        """The lines of the requests whose id begins with `run`."""
        lines = [json.loads(text) for text in self.texts() if f'"request_id": "{run}' in text]
        return [line for line in lines if line["message"] == "request"]


def _obeys(bench: RealPlaneBench, routes: Routes) -> bool:
    bench.plane.apply(routes)
    return bench.plane.in_step(routes)


def hello(exchange: Exchange) -> None:
    exchange.reply(200, b"hello")


def break_off(exchange: Exchange) -> None:
    exchange.break_off()


def cut(exchange: Exchange) -> None:
    """An answer that breaks off in the middle."""
    exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"x" * 150_000)
    exchange.break_off()


def of_flask(stack: ExitStack, caplog: pytest.LogCaptureFixture) -> Logged:
    caplog.set_level(logging.INFO)
    bench = stack.enter_context(FlaskBench())
    return Logged(bench, "127.0.0.1", lambda: list(map(JsonFormatter().format, caplog.records)), stack)


def of_edge(stack: ExitStack, bench: HaproxyBench, lab: Lab) -> Logged:
    def texts() -> list[str]:
        text = bench.container.logs(stdout=True, stderr=False).decode()
        return [line for line in text.splitlines() if line.startswith("{")]

    processes = HaproxyExporter(bench.profile.directory)
    return Logged(bench, lab.gateway, texts, stack, is_settled=lambda: processes.old_processes() == 0)


@pytest.fixture(params=[FLASK, HAPROXY])
def plane(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[Logged]:
    with ExitStack() as stack:
        if request.param == FLASK:
            yield of_flask(stack, caplog)
        else:
            yield of_edge(stack, request.getfixturevalue("haproxy_bench"), request.getfixturevalue("lab"))


def test_whatever_becomes_of_a_request_its_line_has_the_same_fields(plane: Logged) -> None:
    plane.change(access_log="all")
    plane.serve(hello, hello)
    lines = [plane.ask()]
    plane.serve(break_off, hello)
    lines += [plane.ask(), plane.ask(method="POST")]
    plane.route(Backend("S1", f"{plane.host}:1"))
    lines.append(plane.ask())
    assert [line["status"] for line in lines] == [200, 200, 502, 503]
    assert [set(line) for line in lines] == [FIELDS] * 4
    assert [line["path"] for line in lines] == ["/home"] * 4
    assert all("secret" not in text for text in plane.texts())


def test_a_line_says_how_much_was_answered(plane: Logged) -> None:
    plane.change(access_log="all")
    plane.serve(lambda exchange: exchange.reply(200, b"x" * 200_000), hello)
    assert 200_000 <= plane.ask()["bytes"] < 201_000


# Keys


def test_a_line_names_the_source_of_the_key_and_never_the_key(plane: Logged) -> None:
    plane.change(access_log="all")
    plane.serve(hello, hello, key="header:X-User")
    assert plane.ask(("X-User", "very-private"))["key"] == "header:X-User"
    assert plane.ask()["key"] == "random"
    plane.serve(hello, hello)
    assert plane.ask()["key"] == "random"
    assert all("very-private" not in text for text in plane.texts())


# Repeated requests


def test_a_line_says_why_its_request_went_on(plane: Logged) -> None:
    plane.serve(break_off, hello)
    line = plane.ask()
    assert (line["status"], line["server"], line["attempt"], line["repeated"]) == (200, "S2", 2, "broke off")


def test_a_request_that_may_not_be_repeated_was_not(plane: Logged) -> None:
    plane.serve(break_off, hello)
    line = plane.ask(method="POST")
    assert (line["status"], line["attempt"], line["repeated"]) == (502, 1, "")


def test_a_server_that_cannot_be_reached_is_known_as_down_in_a_while(plane: Logged) -> None:
    plane.change(access_log="all")
    (living,) = plane.serve(hello)
    plane.route(Backend("S1", f"{plane.host}:1"), Backend("S2", living.address))
    line = plane.ask()
    assert (line["server"], line["attempt"], line["repeated"]) == ("S2", 2, "could not be reached")
    until(lambda: plane.ask()["repeated"] == "server was down", "it is known", within=10)
    assert plane.lines()[-1]["attempt"] == 1


def test_all_reasons_are_there_in_their_order(plane: Logged) -> None:
    one, two, _ = servers = plane.serve(break_off, break_off, hello)
    all_on_the_ring(plane, *(server.address for server in servers))
    line = plane.ask()
    assert line["repeated"] in ("broke off", "broke off, broke off")
    assert line["attempt"] == 1 + line["repeated"].count("broke off")
    assert len(one.received) + len(two.received) == line["repeated"].count("broke off")


def all_on_the_ring(plane: Logged, *addresses: str) -> None:
    """S1, S2 and S3 at these addresses; S1 gets all requests, and what it does not answer goes to S2 or to S3."""
    routes = nearly_all_to(*(Backend(f"S{number}", address) for number, address in enumerate(addresses, 1)))
    slots = tuple("S3" if slot % 2 and name == "S2" else name for slot, name in enumerate(routes.slots))
    until(lambda: _obeys(plane.bench, replace(routes, slots=slots)), "the plane obeys", within=10)


# Which requests


def test_of_the_others_a_part_is_logged_and_whatever_went_wrong(plane: Logged) -> None:
    plane.change(access_log="50%")
    plane.serve(hello, hello)
    for number in range(60):
        send_quietly(plane, f"/all-{number}")
    plane.change(access_log="0.0001%")
    plane.serve(break_off, hello)
    repeated = plane.ask()
    plane.serve(lambda exchange: exchange.reply(500), hello)
    failed = plane.ask()
    assert (repeated["status"], failed["status"]) == (200, 500)
    assert 10 < sum(line["path"].startswith("/all-") for line in plane.lines()) < 50


def test_a_failure_after_a_server_that_was_down_is_no_part_of_the_others(plane: Logged) -> None:
    plane.change(access_log="0.0001%")
    breaking, living = plane.serve(break_off, hello)
    all_on_the_ring(plane, f"{plane.host}:1", breaking.address, living.address)

    def logged() -> bool:
        send_quietly(plane, "/")
        return any(line["repeated"] == "server was down, broke off" for line in plane.lines())

    until(logged, "there is a line", within=20)


@pytest.mark.docker
def test_an_answer_that_breaks_off_in_the_middle_is_no_part_of_the_others(
    haproxy_bench: HaproxyBench, lab: Lab
) -> None:
    with ExitStack() as stack:
        plane = of_edge(stack, haproxy_bench, lab)
        plane.change(access_log="0.0001%")
        plane.serve(lambda exchange: exchange.reply(200, b"x" * 300_000), hello)
        send_quietly(plane, "/whole")
        plane.serve(cut, hello)
        send_quietly(plane, "/cut")
        (line,) = until(lambda: [one for one in plane.lines() if one["path"] == "/cut"], "it is there", within=5)
        assert line["status"] == 200
        assert all(one["path"] != "/whole" for one in plane.lines())


def send_quietly(plane: Logged, path: str) -> None:
    """Whatever comes of it."""
    address = urlsplit(plane.bench.url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=20)
    connection.request("GET", path)
    response = connection.getresponse()
    while response.read1(65536):
        pass
    connection.close()


# Traces


@pytest.mark.parametrize("choice", ["make", "pass"])
@pytest.mark.parametrize("sent", [GOOD, LATER])
def test_a_valid_traceparent_passes_unchanged_with_its_state(plane: Logged, choice: str, sent: str) -> None:
    plane.change(access_log="all", traceparent=choice)
    server, _ = plane.serve(hello, hello)
    line = plane.ask(("TraceParent", sent), ("tracestate", "a=b"), ("tracestate", "c=d"))
    (request,) = server.received
    assert request.headers.get_all("traceparent") == [sent]
    assert ",".join(request.headers.get_all("tracestate", [])).replace(" ", "") == "a=b,c=d"
    assert line["traceparent"] == sent[:55]


@pytest.mark.parametrize("sent", INVALID, ids=str)
def test_a_missing_or_invalid_one_is_replaced_and_the_state_goes(plane: Logged, sent: tuple[str, ...]) -> None:
    plane.change(access_log="all")
    server, _ = plane.serve(hello, hello)
    line = plane.ask(*(("traceparent", value) for value in sent), ("tracestate", "a=b"))
    (request,) = server.received
    (made,) = request.headers.get_all("traceparent", [])
    assert is_valid(made)
    assert made not in sent
    assert made.endswith("-01")
    assert request.headers.get_all("tracestate") is None
    assert line["traceparent"] == made


@pytest.mark.parametrize("sent", INVALID[1:], ids=str)
def test_where_none_is_made_an_invalid_one_goes_all_the_same(plane: Logged, sent: tuple[str, ...]) -> None:
    plane.change(access_log="all", traceparent="pass")
    server, _ = plane.serve(hello, hello)
    line = plane.ask(*(("traceparent", value) for value in sent), ("tracestate", "a=b"))
    (request,) = server.received
    assert (request.headers.get_all("traceparent"), request.headers.get_all("tracestate")) == (None, None)
    assert line["traceparent"] == ""


def test_where_none_is_made_a_request_without_one_stays_as_it_is(plane: Logged) -> None:
    plane.change(access_log="all", traceparent="pass")
    server, _ = plane.serve(hello, hello)
    line = plane.ask(("tracestate", "a=b"), ("traceparents", "x"))
    (request,) = server.received
    assert request.headers.get_all("traceparent") is None
    assert (request.headers["tracestate"], request.headers["traceparents"]) == ("a=b", "x")
    assert line["traceparent"] == ""


def test_a_repeated_request_keeps_its_traceparent(plane: Logged) -> None:
    one, two = plane.serve(break_off, hello)
    made = plane.ask()["traceparent"]
    seen = [server.received[0].headers.get_all("traceparent") for server in (one, two)]
    assert seen == [[made]] * 2
