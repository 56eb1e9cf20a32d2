"""HTTP/2 at the edge: by the book (h2spec), to servers that speak it, and beside servers that do not."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.settings import SettingCodes

from balancer.core.key_source import KeySource
from balancer.core.protocol import H2_BUFSIZE
from balancer.core.routes import Backend
from tests.contract.h2spec import h2spec
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import PORT, Lab
from tests.contract.plane_bench import SLOTS, all_to, with_slots
from tests.contract.protocol_servers import H2C, backends
from tests.deployment import PROJECT
from tests.http_client import ask
from tests.polling import until

pytestmark = pytest.mark.docker

DEVIATIONS = {
    "http2/3.5 Sends invalid connection preface": "the port speaks HTTP/1.1, too: what is no HTTP/2 is answered 400 in "
    "HTTP/1.1, and then the connection is closed",
}
"""Where HAProxy does otherwise than h2spec wants, and why. docs/http.md has the same table."""


_FRAME = 16384
"""Bytes of the longest frame that everybody takes."""


@dataclass
class Answer:
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    trailers: dict[str, str] = field(default_factory=dict)
    reset: int | None = None

    @property
    def status(self) -> int:
        return int(self.headers.get(":status", 0))


class H2Client:
    """One connection by prior knowledge."""

    def __init__(self, host: str) -> None:
        self._connection = socket.create_connection((host, PORT), timeout=20)
        self._h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        self._h2.initiate_connection()
        self._answers: dict[int, Answer] = {}
        self._open: set[int] = set()
        self.longest_frame = 0

    def close(self) -> None:
        self._connection.close()

    def send(
        self, path: str, *headers: tuple[str, str], method: str = "GET", body: bytes = b"", ends: bool = True
    ) -> int:
        stream = self._h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":scheme", "http"), (":authority", "shop.example"), (":path", path)]
        self._h2.send_headers(stream, [*pseudo, *headers], end_stream=ends and not body)
        for at in range(0, len(body), _FRAME):
            self._h2.send_data(stream, body[at : at + _FRAME], end_stream=ends and at + _FRAME >= len(body))
        self._connection.sendall(self._h2.data_to_send())
        self._answers[stream] = Answer()
        self._open.add(stream)
        return stream

    def answer(self, stream: int) -> Answer:
        while stream in self._open:
            part = self._connection.recv(65536)
            assert part, f"the connection was closed; so far: {self._answers}"
            for event in self._h2.receive_data(part):
                self._note(event)
            self._connection.sendall(self._h2.data_to_send())
        return self._answers[stream]

    def ask(self, path: str, *headers: tuple[str, str], method: str = "GET", body: bytes = b"") -> Answer:
        return self.answer(self.send(path, *headers, method=method, body=body))

    def _note(self, event: Event) -> None:
        if isinstance(event, RemoteSettingsChanged):
            self.longest_frame = self._h2.remote_settings[SettingCodes.MAX_FRAME_SIZE]
        elif isinstance(event, ResponseReceived):
            self._answers[event.stream_id].headers = dict(event.headers)
        elif isinstance(event, TrailersReceived):
            self._answers[event.stream_id].trailers = dict(event.headers)
        elif isinstance(event, DataReceived):
            self._answers[event.stream_id].body += event.data
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamReset):
            self._answers[event.stream_id].reset = int(event.error_code)
            self._open.discard(event.stream_id)
        elif isinstance(event, StreamEnded):
            self._open.discard(event.stream_id)


@pytest.fixture(scope="module")
def h2c_servers(lab: Lab) -> tuple[Backend, ...]:
    return backends(lab, "h2_server", H2C, "H1", "H2", "H3")


@pytest.fixture(scope="module")
def leaving_servers(lab: Lab) -> tuple[Backend, ...]:
    return backends(lab, "h2_server", H2C, "L1", REQUESTS="3")


@pytest.fixture
def bench(haproxy_bench: HaproxyBench) -> HaproxyBench:
    haproxy_bench.change(bufsize=H2_BUFSIZE)
    return haproxy_bench


@pytest.fixture
def client(bench: HaproxyBench) -> Iterator[H2Client]:
    with closing(H2Client(bench.host)) as client:
        yield client


def served_by(answer: Answer) -> str:
    return answer.headers["x-served-by"]


def test_h2spec_finds_nothing_but_what_is_known(bench: HaproxyBench) -> None:
    bench.plane.apply(all_to(*bench.servers))
    assert h2spec(bench.host, PORT) == set(DEVIATIONS)


def test_the_deviations_are_documented() -> None:
    page = (PROJECT / "docs/http.md").read_text()
    for test, why in DEVIATIONS.items():
        assert f"| `{test}` | {why} |" in page


def test_a_short_buffer_speaks_no_http_2(haproxy_bench: HaproxyBench) -> None:
    """HAProxy would announce frames that no client accepts."""
    haproxy_bench.change(bufsize=H2_BUFSIZE - 1)
    haproxy_bench.plane.apply(all_to(*haproxy_bench.servers))
    with socket.create_connection((haproxy_bench.host, PORT), timeout=10) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_requests_on_one_connection_take_no_more_memory_than_connections_may(haproxy_bench: HaproxyBench) -> None:
    haproxy_bench.change(bufsize=H2_BUFSIZE, max_connections=3)
    haproxy_bench.plane.apply(all_to(*haproxy_bench.servers))
    with closing(H2Client(haproxy_bench.host)) as client:
        for _ in range(3):
            client.send("/home", ("content-length", "5"), method="POST", ends=False)  # waits for its body
        answer = client.ask("/home")
        assert (answer.status, b"as many requests as it can hold" in answer.body) == (503, True)
        assert ask("GET", haproxy_bench.url, "/home").status == 200
    with closing(H2Client(haproxy_bench.host)) as client:
        until(lambda: client.ask("/home").status == 200, "they left with their connection", within=5)


def test_the_control_port_speaks_no_http_2(bench: HaproxyBench) -> None:
    with socket.create_connection((bench.host, 5001), timeout=10) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_a_client_of_http_2_reaches_servers_of_http_1(bench: HaproxyBench, client: H2Client) -> None:
    bench.plane.apply(all_to(*bench.servers))
    answer = client.ask("/home", ("te", "trailers"))
    assert (answer.status, served_by(answer)) == (200, "S1")
    assert client.longest_frame >= H2_BUFSIZE
    streams = [client.send("/home") for _ in range(20)]
    assert {client.answer(stream).status for stream in streams} == {200}


def test_a_server_that_speaks_h2c_gets_the_request_whole(
    bench: HaproxyBench, client: H2Client, h2c_servers: tuple[Backend, ...]
) -> None:
    bench.plane.apply(all_to(*h2c_servers))
    answer = client.ask("/a?b=c", ("te", "trailers"), ("x-own", "1"), method="POST", body=b"x" * 60_000)
    assert (answer.status, served_by(answer), answer.trailers) == (200, "H1", {"x-end": "yes"})
    told = json.loads(answer.body)
    seen = dict(told["headers"])
    assert told["length"] == 60_000
    assert (seen[":method"], seen[":path"], seen[":authority"]) == ("POST", "/a?b=c", "shop.example")
    assert (seen["te"], seen["x-own"], seen["x-forwarded-host"]) == ("trailers", "1", "shop.example")
    assert "connection" not in seen


def test_a_client_of_http_1_reaches_servers_that_speak_h2c(
    bench: HaproxyBench, h2c_servers: tuple[Backend, ...]
) -> None:
    bench.plane.apply(all_to(*h2c_servers))
    answer = ask("POST", bench.url, "/a", body=b"xyz")
    assert (answer.status, json.loads(answer.text)["length"]) == (200, 3)
    assert dict(json.loads(answer.text)["headers"])["host"] == bench.host + f":{PORT}"


def test_during_a_roll_each_server_is_spoken_to_in_its_own_protocol(
    bench: HaproxyBench, client: H2Client, h2c_servers: tuple[Backend, ...]
) -> None:
    old, new = bench.servers[0], h2c_servers[0]
    bench.plane.apply(all_to(old))
    assert served_by(client.ask("/home")) == old.instance
    bench.plane.apply(with_slots((old.instance, new.instance) * (SLOTS // 2), (old, new)))
    seen = {served_by(client.ask("/home")) for _ in range(60)}
    assert seen == {old.instance, new.instance}
    bench.obey(bench.plane, all_to(new))
    assert served_by(client.ask("/home")) == new.instance


@pytest.mark.parametrize(
    ("source", "headers"),
    [
        ("header:X-User", [("x-user", "{key}")]),
        ("cookie:session", [("cookie", "a=b"), ("cookie", "session={key}"), ("cookie", "c=d")]),
        ("query:user", []),
        ("header:Host", []),
    ],
)
def test_a_key_is_found_in_a_request_of_http_2(
    bench: HaproxyBench, source: str, headers: list[tuple[str, str]]
) -> None:
    """Names have lower case there, cookies come in pieces, and :authority is the Host."""
    bench.plane.apply(with_slots(("S1", "S2", "S3", "S1") * 2, bench.servers, key=KeySource.parse(source)))

    with closing(H2Client(bench.host)) as client:
        for key in ("anna", "bert", "carl", "dora"):
            found = client.ask(f"/?user={key}", *((name, value.format(key=key)) for name, value in headers))
            plain = {"X-User": key, "Cookie": f"a=b; session={key}; c=d", "Host": "shop.example"}
            expected = ask("GET", bench.url, f"/?user={key}", headers=plain)
            assert found.headers["x-ring-slot"] == expected.headers["X-Ring-Slot"]
    assert bench.plane.keyless() == 0


def test_a_request_that_a_server_broke_off_goes_to_the_next_one(
    bench: HaproxyBench, client: H2Client, h2c_servers: tuple[Backend, ...]
) -> None:
    slots = ("H1",) * (SLOTS - 2) + ("H2", "H3")
    bench.plane.apply(with_slots(slots, h2c_servers))
    before = broken_off(h2c_servers)
    for path in ("/close", "/reset"):
        answer = client.ask(path)
        assert answer.status == 502
        assert b"Three servers broke off" in answer.body
    assert broken_off(h2c_servers) - before == 6


@pytest.mark.parametrize(("path", "ends"), [("/close", True), ("/reset", True), ("/early", False)])
def test_a_post_that_a_server_broke_off_is_answered_and_never_sent_again(
    bench: HaproxyBench, client: H2Client, h2c_servers: tuple[Backend, ...], path: str, ends: bool
) -> None:
    """RST_STREAM with REFUSED_STREAM would make the client itself send it again."""
    bench.plane.apply(with_slots(("H1",) * (SLOTS - 2) + ("H2", "H3"), h2c_servers))
    before = broken_off(h2c_servers)
    for _ in range(5):
        assert client.ask("/warm").status == 200  # the next request finds a kept connection to the server
        answer = client.answer(client.send(path, method="POST", body=b"x", ends=ends))
        assert (answer.status, answer.headers["content-type"]) == (502, "application/json")
    assert broken_off(h2c_servers) - before == 5


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_request_is_lost_where_servers_end_their_connections(
    bench: HaproxyBench, client: H2Client, leaving_servers: tuple[Backend, ...], method: str
) -> None:
    """As servers do that give a connection an age: GOAWAY, and the end of it."""
    bench.plane.apply(all_to(*leaving_servers))
    body = b"x" if method == "POST" else b""
    assert {client.ask("/", method=method, body=body).status for _ in range(40)} == {200}


def broken_off(servers: tuple[Backend, ...]) -> int:
    """How many requests the servers have broken off."""
    total = 0
    for server in servers:
        with closing(H2Client(server.address.partition(":")[0])) as client:
            total += int(client.ask("/closed").body)
    return total
