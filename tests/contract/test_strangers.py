"""What both data planes do alike with a stranger's servers and with clients of every kind."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from fractions import Fraction
from functools import partial
from http.client import HTTPConnection

import pytest

from balancer.core.key_source import KeySource
from balancer.core.routes import Backend
from balancer.ports import answers
from tests.contract.lab import Lab
from tests.contract.plane_bench import REAL, REQUEST_HASH, SLOTS, RealPlaneBench, all_to, with_slots
from tests.deployment import PROJECT
from tests.http_client import Answer, ask
from tests.in_flight import in_flight
from tests.polling import until

pytestmark = [pytest.mark.docker, REAL]

PORT = 8080
NAMES = ("S1", "S2", "S3", "S4")


@pytest.fixture(scope="module")
def strangers(lab: Lab) -> tuple[Backend, ...]:
    """Four servers of tests/stranger.py."""
    program = PROJECT / "tests" / "stranger.py"
    containers = {
        name: lab.run(
            f"stranger-{name}",
            lab.server_image,
            entrypoint=["python3", "/stranger.py"],
            environment={"SERVER_ID": name, "PORT": str(PORT)},
            volumes=[f"{program}:/stranger.py:ro"],
        )
        for name in NAMES
    }
    backends = tuple(Backend(name, f"{lab.address(item)}:{PORT}") for name, item in containers.items())
    for backend in backends:
        until(partial(answers_health, backend), f"{backend.instance} answers", within=20)
    return backends


def answers_health(backend: Backend) -> bool:
    try:
        return ask("GET", f"http://{backend.address}", "/healthz", timeout=5).status == 200
    except OSError:
        return False


@pytest.fixture
def served(bench: RealPlaneBench, strangers: tuple[Backend, ...]) -> RealPlaneBench:
    bench.change()
    one, *others = strangers
    # Every server owns a slot, so that the walk finds all of them.
    slots = (one.instance,) * (SLOTS - 3) + tuple(other.instance for other in others)
    bench.plane.apply(with_slots(slots, strangers))
    return bench


def change(bench: RealPlaneBench, strangers: tuple[Backend, ...], **changes: object) -> None:
    bench.change(**changes)
    bench.plane.apply(all_to(*strangers))


@pytest.fixture
def client(bench: RealPlaneBench) -> Iterator[HTTPConnection]:
    """A kept connection."""
    with closing(HTTPConnection(bench.url.removeprefix("http://"), timeout=20)) as connection:
        yield connection


def send(client: HTTPConnection, method: str, path: str, body: bytes | None = None) -> Answer:
    client.request(method, path, body=body)
    response = client.getresponse()
    return Answer(response.status, response.headers, response.read())


def closed(strangers: tuple[Backend, ...]) -> list[int]:
    return [int(ask("GET", f"http://{backend.address}", "/closed").body) for backend in strangers]


def seen(answer: Answer) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in answer.document["headers"]]


@pytest.mark.parametrize("size", [0, 100, 30_000])
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "PATCH", "PROPFIND"])
def test_who_closes_without_an_answer_costs_a_502_on_every_request_of_a_connection(
    served: RealPlaneBench, strangers: tuple[Backend, ...], client: HTTPConnection, method: str, size: int
) -> None:
    body, before = b"x" * size or None, sum(closed(strangers))
    for _ in range(4):
        assert send(client, "GET", "/home").status == 200
        assert send(client, method, "/home", body).status == 200
        answer = send(client, method, "/close", body)
        assert (answer.status, answer.headers["Content-Type"]) == (502, "application/json")
        assert answer.document["status"] == "failure"
    sent = sum(closed(strangers)) - before
    is_repeated = method in ("GET", "PUT") and size < 7000
    assert sent == (12 if is_repeated else 4)


def test_a_request_that_no_server_survives_is_sent_to_three_and_told_so(
    served: RealPlaneBench, strangers: tuple[Backend, ...]
) -> None:
    before = closed(strangers)
    answer = ask("GET", served.url, "/close")
    assert (answer.status, answer.text) == (502, answers.failure(answers.broke_off(3)))
    assert sorted(after - earlier for after, earlier in zip(closed(strangers), before, strict=True)) == [0, 1, 1, 1]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_servers_that_cannot_be_reached_do_not_count_among_those_that_get_a_request(
    served: RealPlaneBench, strangers: tuple[Backend, ...], method: str
) -> None:
    living, host = strangers[0], strangers[0].address.partition(":")[0]
    dead = tuple(Backend(f"dead{number}", f"{host}:{number}") for number in range(1, answers.MOST_TRIED))
    slots = (dead[0].instance,) * (SLOTS - len(dead)) + tuple(backend.instance for backend in (*dead[1:], living))
    served.plane.apply(with_slots(slots, (*dead, living)))
    answer = ask(method, served.url, "/home", body=b"x" if method == "POST" else None)
    assert (answer.status, answer.text) == (200, living.hostname)


def test_of_three_servers_that_get_a_request_none_is_one_that_cannot_be_reached(
    served: RealPlaneBench, strangers: tuple[Backend, ...]
) -> None:
    one, two, three, four = strangers
    dead = Backend("dead", f"{one.address.partition(':')[0]}:1")
    order = (dead, two, three, four)
    slots = (one.instance,) * (SLOTS - len(order)) + tuple(backend.instance for backend in order)
    served.plane.apply(with_slots(slots, (one, *order)))
    before = closed(strangers)
    answer = ask("GET", served.url, "/close")
    assert (answer.status, answer.text) == (502, answers.failure(answers.broke_off(3)))
    assert sorted(after - earlier for after, earlier in zip(closed(strangers), before, strict=True)) == [0, 1, 1, 1]


def test_a_request_that_one_server_does_not_survive_is_answered_by_the_next_one_on_the_ring(
    served: RealPlaneBench, strangers: tuple[Backend, ...], client: HTTPConnection
) -> None:
    one, two, *_ = strangers
    served.plane.apply(with_slots((one.instance,) * (SLOTS - 1) + (two.instance,), strangers))
    for _ in range(20):
        answer = send(client, "GET", "/close?server=S1")
        assert (answer.status, answer.text) == (200, "S2")


def test_under_bounded_load_a_request_comes_round_to_a_server_that_had_no_room(
    bench: RealPlaneBench, strangers: tuple[Backend, ...]
) -> None:
    """S2, the last server of the walk, had room, and does not survive it."""
    bench.change()
    one, two, *_ = strangers
    slot = REQUEST_HASH.slot(b"k", SLOTS)
    slots = tuple(one.instance if each == slot else two.instance for each in range(SLOTS))
    routes = with_slots(slots, (one, two), key=KeySource.parse("header:X-Key"), bound=Fraction(101, 100))
    bench.plane.apply(routes)
    get = partial(ask, "GET", bench.url, headers={"X-Key": "k"})
    with ThreadPoolExecutor(2) as clients:
        for number in (1, 2):
            clients.submit(get, "/slow?seconds=3")
            until(lambda number=number: in_flight(bench.plane, "S1") == number, "S1 works", within=5)
        assert get("/home").text == "S2"
        # A request counts until its stream has ended, a moment after its last byte.
        until(lambda: in_flight(bench.plane, "S2") == 0, "S2 has room again", within=5)
        answer = get("/close?server=S2")
    assert (answer.status, answer.text, answer.headers["X-Ring-Attempt"]) == (200, "S1", "2")


def test_what_a_client_says_of_its_source_is_replaced(served: RealPlaneBench) -> None:
    said = {
        "X-Forwarded-For": "192.0.2.66",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "for=192.0.2.66",
        "Proxy": "http://evil.example",
        "Host": "shop.example:8080",
    }
    headers = seen(ask("GET", served.url, "/headers", headers=said))
    told = {name: value for name, value in headers if name.startswith(("x-forwarded", "forwarded", "proxy"))}
    assert told.pop("x-forwarded-for") not in ("", "192.0.2.66")
    assert told == {"x-forwarded-host": "shop.example:8080", "x-forwarded-proto": "http", "x-forwarded-port": "8080"}


def test_a_trusted_proxy_is_believed_and_appended_on_one_line(
    bench: RealPlaneBench, strangers: tuple[Backend, ...]
) -> None:
    change(bench, strangers, trusted_proxies=("0.0.0.0/0",))
    said = {"X-Forwarded-For": "192.0.2.66, 192.0.2.7", "X-Forwarded-Proto": "https", "Forwarded": "for=192.0.2.66"}
    headers = seen(ask("GET", bench.url, "/headers", headers=said))
    (line,) = [value for name, value in headers if name == "x-forwarded-for"]
    assert line.startswith("192.0.2.66, 192.0.2.7, ")
    assert dict(headers)["x-forwarded-proto"] == "https"
    assert dict(headers)["forwarded"] == "for=192.0.2.66"


def test_of_many_lines_from_a_trusted_proxy_the_last_ones_count(
    bench: RealPlaneBench, strangers: tuple[Backend, ...]
) -> None:
    """A proxy adds its own line behind those that its client made up."""
    change(bench, strangers, trusted_proxies=("0.0.0.0/0",))
    host, _, port = bench.url.removeprefix("http://").partition(":")
    with closing(HTTPConnection(host, int(port), timeout=10)) as client:
        client.putrequest("GET", "/headers")
        for number in range(6):
            client.putheader("X-Forwarded-For", f"192.0.2.{number}")
        client.endheaders()
        told = json.loads(client.getresponse().read())["headers"]
    (line,) = [value for name, value in told if name.lower() == "x-forwarded-for"]
    assert line.split(", ")[-5:-1] == ["192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"]


@pytest.mark.parametrize(
    "name",
    [
        "tE",
        "Keep-Alive",
        "Proxy",
        "Proxy-Connection",
        "Proxy-Authorization",
        "Content_Length",
        "Transfer_Encoding",
        "x-FORWARDED-for",
        "X_Forwarded_For",
        "X-Forwarded-Prefix",
        "Forwarded",
    ],
)
def test_a_header_that_ends_here_is_found_alone_and_behind_many_others(served: RealPlaneBench, name: str) -> None:
    """The edge looks once for all of them (decision 38)."""
    host, _, port = served.url.removeprefix("http://").partition(":")
    for others in (0, 80):
        with closing(HTTPConnection(host, int(port), timeout=10)) as client:
            client.putrequest("GET", "/headers", skip_accept_encoding=True)
            for number in range(others):
                client.putheader(f"{number:060}", "")
            client.putheader(name, "stranger")
            client.endheaders()
            told = json.loads(client.getresponse().read())["headers"]
        assert "stranger" not in [value for _, value in told]
        assert sum(name.isdigit() for name, _ in told) == others


@pytest.mark.parametrize("trusted_proxies", [(), ("0.0.0.0/0",)])
@pytest.mark.parametrize("name", ["X_Forwarded_For", "X-Forwarded_For", "x_forwarded-Host"])
def test_no_other_spelling_of_a_forwarding_header_reaches_a_server(
    bench: RealPlaneBench, strangers: tuple[Backend, ...], trusted_proxies: tuple[str, ...], name: str
) -> None:
    """Many applications read both as the environment variable HTTP_X_FORWARDED_FOR."""
    change(bench, strangers, trusted_proxies=trusted_proxies)
    headers = seen(ask("GET", bench.url, "/headers", headers={name: "192.0.2.66"}))
    assert "192.0.2.66" not in [value for _, value in headers]


@pytest.mark.parametrize(
    ("forwarded_for", "key"),
    [
        ("192.0.2.66, 198.51.100.4", b"198.51.100.4"),
        ("198.51.100.4, 10.0.0.1,127.0.0.1", b"198.51.100.4"),
        ("198.51.100.4, unknown, 10.0.0.1", b"10.0.0.1"),
        ("2001:DB8::0:1", b"2001:db8::1"),
        ("[2001:db8::1]", b"2001:db8::1"),
        ("198.51.100.4:4711, 10.0.0.1:80", b"198.51.100.4"),
        ("::ffff:198.51.100.4, ::ffff:10.0.0.1", b"::ffff:198.51.100.4"),
    ],
)
def test_behind_a_trusted_proxy_the_address_is_the_clients(
    bench: RealPlaneBench, strangers: tuple[Backend, ...], forwarded_for: str, key: bytes
) -> None:
    bench.change(trusted_proxies=("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
    routes = with_slots(("S1",) * SLOTS, strangers, key=KeySource("address"))
    bench.plane.apply(routes)
    answer = ask("GET", bench.url, "/home", headers={"X-Forwarded-For": forwarded_for})
    assert int(answer.headers["X-Ring-Slot"]) == routes.request_hash.slot(key, SLOTS)


@pytest.mark.parametrize("named", ["Host", "Cookie", "X-Mine", "X-Forwarded-For", "close, Host"])
def test_a_connection_header_takes_nothing_away(served: RealPlaneBench, named: str) -> None:
    said = {"Connection": named, "Host": "shop.example", "Cookie": "a=1", "X-Mine": "1"}
    headers = dict(seen(ask("GET", served.url, "/headers", headers=said)))
    assert headers["host"] == "shop.example"
    assert (headers["cookie"], headers["x-mine"]) == ("a=1", "1")
    assert headers["x-forwarded-for"]


@pytest.mark.parametrize(
    ("target", "path"), [("http://x/headers?a=b", "/headers?a=b"), ("http://x:81/headers", "/headers")]
)
def test_an_absolute_target_arrives_as_a_path(served: RealPlaneBench, target: str, path: str) -> None:
    host = target.split("/")[2]
    assert ask("GET", served.url, target, headers={"Host": host}).document["line"] == f"GET {path} HTTP/1.1"


def test_only_the_length_limits_the_number_of_headers(served: RealPlaneBench) -> None:
    many = {f"X-{number}": "1" for number in range(90)}  # the stranger's own server takes a hundred at most
    assert ask("GET", served.url, "/headers", headers=many).status == 200
    more = {f"X-{number}": "1" for number in range(400)}
    answer = ask("GET", served.url, "/home", headers=more)
    assert answer.status == 431, "the server's own answer"
    assert answer.headers["X-Served-By"]


def test_a_head_that_is_too_long_is_answered_400(served: RealPlaneBench) -> None:
    assert ask("GET", served.url, "/home", headers={"X-Long": "x" * 6000}).status == 200
    answer = ask("GET", served.url, "/home", headers={"X-Long": "x" * 7900})
    assert (answer.status, answer.text) == (400, answers.failure(answers.NOT_HTTP))


def test_a_response_that_has_begun_may_be_silent_for_longer(
    bench: RealPlaneBench, strangers: tuple[Backend, ...]
) -> None:
    change(bench, strangers, response_timeout=1, stream_timeout=6)
    assert ask("GET", bench.url, "/silent?seconds=3").body == b"data: end\n\n"
    answer = ask("GET", bench.url, "/slow?seconds=3")
    assert (answer.status, answer.text) == (504, answers.failure(answers.TOO_SLOW))


def test_a_stream_that_is_silent_for_too_long_ends(bench: RealPlaneBench, strangers: tuple[Backend, ...]) -> None:
    change(bench, strangers, stream_timeout=1)
    began = time.monotonic()
    try:
        answer = ask("GET", bench.url, "/silent?seconds=20").body
    except OSError:
        answer = b""
    assert answer == b""
    assert time.monotonic() - began < 18


@pytest.mark.parametrize("path", ["/slow?seconds=15", "/silent?seconds=15"])
def test_a_client_that_has_left_frees_its_place(served: RealPlaneBench, path: str) -> None:
    host, _, port = served.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        until(lambda: served.plane.load().in_flight == 1, "the server works", within=5)
        if path.startswith("/silent"):
            client.recv(100)
    until(lambda: served.plane.load().in_flight == 0, "the place is free", within=3)


def test_a_server_may_read_a_large_upload_slowly(served: RealPlaneBench) -> None:
    body = bytes(12_000_000)
    answer = ask("POST", served.url, "/upload?seconds=5", body=body)
    assert (answer.status, answer.body) == (200, b"%d" % len(body))


def test_a_server_gets_no_more_requests_at_once_than_it_may_and_others_wait_or_hear_of_it(
    bench: RealPlaneBench, strangers: tuple[Backend, ...]
) -> None:
    change(bench, strangers, server_max_connections=1, queue_timeout=2)
    began = time.monotonic()
    with ThreadPoolExecutor(4) as clients:
        given = list(clients.map(lambda _: ask("GET", bench.url, "/slow?seconds=0.9"), range(4)))
    assert time.monotonic() - began > 1.8
    assert sorted(answer.status for answer in given) == [200, 200, 200, 503]
    (refused,) = [answer for answer in given if answer.status == 503]
    assert refused.document["status"] == "failure"
    assert ask("GET", bench.url, "/home").status == 200


def test_without_kept_connections_a_server_is_told_to_close(
    bench: RealPlaneBench, strangers: tuple[Backend, ...], client: HTTPConnection
) -> None:
    change(bench, strangers, server_keep_alive=False)
    for _ in range(3):
        client.request("GET", "/headers")
        response = client.getresponse()
        headers = {name.lower(): value for name, value in json.loads(response.read())["headers"]}
        assert headers["connection"] == "close"


def test_one_request_that_ends_a_connection_disturbs_no_other_one(
    served: RealPlaneBench, strangers: tuple[Backend, ...]
) -> None:
    """A hundred at a time, of which every fifth is one whose server closes: only these fail."""
    wrong: list[object] = []
    gate = threading.Barrier(4)

    def run(_: int) -> None:
        gate.wait(10)
        with closing(HTTPConnection(served.url.removeprefix("http://"), timeout=20)) as client:
            for number in range(50):
                path, status = ("/close", 502) if number % 5 == 0 else ("/home", 200)
                answer = send(client, "POST", path, b"x")
                if answer.status != status:
                    wrong.append((path, answer))

    with ThreadPoolExecutor(4) as clients:
        list(clients.map(run, range(4)))
    assert not wrong
