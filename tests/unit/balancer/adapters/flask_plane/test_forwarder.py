"""Forwarding over real connections: what arrives, what comes back, and what is repeated elsewhere."""

from __future__ import annotations

import io
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from balancer.adapters.flask_plane.forwarder import WHOLE_ANSWER
from balancer.adapters.flask_plane.incoming import REPEATABLE_BODY
from balancer.adapters.flask_plane.watched_socket import ServerTooSlow
from balancer.core.activity import Activity
from balancer.core.routes import Routes
from balancer.ports import answers
from tests.fakes.web_server import Exchange
from tests.in_flight import in_flight
from tests.open_sockets import count_to
from tests.polling import until
from tests.unit.balancer.adapters.flask_plane.rig import SLOTS, Rig, break_off, hello

IDEMPOTENT = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"]
NOT_IDEMPOTENT = ["POST", "PATCH", "PROPFIND"]


def nobody_listens() -> str:
    """An address on which every connection is refused."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"127.0.0.1:{taken.getsockname()[1]}"


# What arrives


@pytest.mark.parametrize("method", [*IDEMPOTENT, *NOT_IDEMPOTENT])
def test_every_method_arrives(rig: Rig, method: str) -> None:
    rig.serve(hello)
    answer = rig.ask(method)
    assert answer.status_code == 200
    assert answer.data == (b"" if method == "HEAD" else b"hello")
    assert [request.method for request in rig.received()] == [method]


@pytest.mark.parametrize(
    "target",
    ["/", "/home?x=1&y=2", "/a%20b/%2e%2e/c?q=%C3%A9", "//double", "/a/../b", "/?", "/a?b?c", "/%zz", '/{x}|^`"<>'],
)
def test_a_target_arrives_as_it_was_written(rig: Rig, target: str) -> None:
    rig.serve(hello)
    rig.ask(path=target)
    assert rig.received()[0].target == target


def test_an_absolute_target_loses_its_scheme_and_host(rig: Rig) -> None:
    rig.serve(hello)
    rig.ask(path="http://example.test:5000/home?x=1")
    assert rig.received()[0].target == "/home?x=1"


def test_host_is_kept_and_the_source_is_told(rig: Rig) -> None:
    rig.serve(hello)
    rig.ask(headers={"Host": "shop.example:8080", "User-Agent": "curl/8", "X-Mine": "1"})
    headers = rig.received()[0].headers
    assert headers.get_all("Host") == ["shop.example:8080"]
    assert headers.get_all("X-Forwarded-For") == ["192.0.2.7"]
    assert headers.get_all("X-Forwarded-Host") == ["shop.example:8080"]
    assert headers.get_all("X-Forwarded-Proto") == ["http"]
    assert headers.get_all("X-Mine") == ["1"]
    assert headers.get_all("User-Agent") == ["curl/8"]
    assert headers["X-Request-Id"]


def test_nothing_is_added_that_the_client_did_not_say(rig: Rig) -> None:
    rig.serve(hello)
    rig.ask(headers={"Host": "x"})
    forwarded = {"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port"}
    assert set(rig.received()[0].headers.keys()) == {"Host", *forwarded, "X-Request-Id", "Traceparent"}


def test_hop_by_hop_headers_do_not_arrive(rig: Rig) -> None:
    rig.serve(hello)
    rig.ask(headers={"Connection": "close, X-Mine", "X-Mine": "1", "TE": "trailers", "Keep-Alive": "5"})
    arrived = {name.lower() for name in rig.received()[0].headers.keys()}  # noqa: SIM118 (a Message)
    assert not arrived & {"te", "keep-alive", "connection"}
    assert "x-mine" in arrived


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
@pytest.mark.parametrize("size", [1, REPEATABLE_BODY, REPEATABLE_BODY + 1, 1_000_000])
def test_a_body_arrives_with_its_length(rig: Rig, method: str, size: int) -> None:
    rig.serve(hello)
    body = bytes(range(256)) * (size // 256 + 1)
    rig.ask(method, data=body[:size], content_type="application/octet-stream")
    request = rig.received()[0]
    assert request.body == body[:size]
    assert request.headers.get_all("Content-Length") == [str(size)]
    assert request.headers["Content-Type"] == "application/octet-stream"
    assert not request.chunks


def test_an_empty_body_with_a_length_arrives_as_one(rig: Rig) -> None:
    rig.serve(hello)
    rig.ask("POST", headers={"Content-Length": "0"})
    assert rig.received()[0].headers.get_all("Content-Length") == ["0"]


def test_a_body_in_chunks_arrives_in_chunks(rig: Rig) -> None:
    rig.serve(hello)
    rig.ask(
        "POST",
        input_stream=io.BytesIO(b"x" * 100_000),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"CONTENT_LENGTH": "", "wsgi.input_terminated": True},
    )
    request = rig.received()[0]
    assert request.body == b"x" * 100_000
    assert request.chunks
    assert request.headers.get_all("Transfer-Encoding") == ["chunked"]
    assert request.headers["Content-Length"] is None


def test_without_a_body_none_is_made_up(rig: Rig) -> None:
    rig.serve(hello)
    rig.ask("GET")
    assert rig.received()[0].headers["Content-Length"] is None
    assert rig.received()[0].headers["Transfer-Encoding"] is None


# What comes back


@pytest.mark.parametrize("status", [200, 201, 202, 206, 301, 302, 400, 401, 404, 405, 418, 429, 500, 502, 503])
def test_a_servers_own_answer_comes_back_unchanged(rig: Rig, status: int) -> None:
    rig.serve(lambda exchange: exchange.reply(status, b"its own words", headers=[("X-Own", "1"), ("Location", "/x")]))
    answer = rig.ask("POST")
    assert (answer.status_code, answer.data) == (status, b"its own words")
    assert answer.headers["X-Own"] == "1"
    assert answer.headers["Location"] == "/x"
    assert answer.headers["X-Served-By"] == "A"
    assert len(rig.received()) == 1


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_comes_back_without_one(rig: Rig, status: int) -> None:
    rig.serve(lambda exchange: exchange.reply(status, headers=[("ETag", '"1"')], length=False))
    answer = rig.ask()
    assert (answer.status_code, answer.data) == (status, b"")
    assert answer.headers["ETag"] == '"1"'
    assert "Content-Length" not in answer.headers


def test_a_head_keeps_the_length_that_a_get_would_have(rig: Rig) -> None:
    rig.serve(hello)
    answer = rig.ask("HEAD")
    assert answer.headers.getlist("Content-Length") == ["5"]
    assert answer.data == b""


def test_repeated_headers_come_back_repeated(rig: Rig) -> None:
    cookies = [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2")]
    rig.serve(lambda exchange: exchange.reply(headers=cookies))
    assert rig.ask().headers.getlist("Set-Cookie") == ["a=1; Path=/", "b=2"]


def test_nothing_is_decoded_or_followed(rig: Rig) -> None:
    rig.serve(lambda exchange: exchange.reply(302, b"\x1f\x8bnot gzip at all", headers=[("Content-Encoding", "gzip")]))
    answer = rig.ask()
    assert answer.data == b"\x1f\x8bnot gzip at all"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(rig.received()) == 1


def test_an_answer_without_a_content_type_gets_none(rig: Rig) -> None:
    rig.serve(hello)
    assert "Content-Type" not in rig.ask().headers


@pytest.mark.parametrize("size", [0, 1, WHOLE_ANSWER, WHOLE_ANSWER + 1, 3_000_000])
def test_an_answer_of_any_length_comes_back_whole(rig: Rig, size: int) -> None:
    body = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    rig.serve(lambda exchange: exchange.reply(200, body))
    answer = rig.ask()
    assert answer.data == body
    assert answer.headers.getlist("Content-Length") == [str(size)]
    assert in_flight(rig.plane, "A") == 0


def test_an_answer_in_chunks_is_passed_on_piece_by_piece(rig: Rig) -> None:
    go = threading.Event()

    def drip(exchange: Exchange) -> None:
        exchange.begin_chunks()
        exchange.chunk(b"first")
        exchange.wait(go)
        exchange.chunk(b"second")
        exchange.chunk(b"")

    rig.serve(drip)
    pieces = rig.stream()
    assert (next(pieces), next(pieces)) == (b"", b"first")
    assert in_flight(rig.plane, "A") == 1
    go.set()
    assert b"".join(pieces) == b"second"
    pieces.close()  # type: ignore[attr-defined]
    assert in_flight(rig.plane, "A") == 0


def test_an_answer_in_chunks_carries_no_transfer_encoding_of_its_own(rig: Rig) -> None:
    def chunks(exchange: Exchange) -> None:
        exchange.begin_chunks()
        exchange.chunk(b"all")
        exchange.chunk(b"")

    rig.serve(chunks)
    answer = rig.ask()
    assert answer.data == b"all"
    assert "Transfer-Encoding" not in answer.headers


def test_an_answer_that_ends_with_its_connection_comes_back_whole(rig: Rig) -> None:
    def old_style(exchange: Exchange) -> None:
        exchange.raw(b"HTTP/1.0 200 OK\r\n\r\nto the end")
        exchange.break_off()

    rig.serve(old_style)
    assert rig.ask().data == b"to the end"


def test_a_client_that_goes_away_ends_the_flight(rig: Rig) -> None:
    rig.serve(lambda exchange: exchange.reply(200, b"x" * 10_000_000))
    pieces = rig.stream()
    next(pieces)
    assert in_flight(rig.plane, "A") == 1
    pieces.close()  # type: ignore[attr-defined]
    assert in_flight(rig.plane, "A") == 0


def test_connections_are_used_again(rig: Rig) -> None:
    ports = set()

    def note(exchange: Exchange) -> None:
        ports.add(exchange.client_address[1])
        exchange.reply(200, b"x")

    rig.serve(note)
    for _ in range(5):
        rig.ask()
    assert len(ports) == 1


# What the handout's clients get


def test_a_404_becomes_the_handouts_400_where_that_is_wanted(rig: Rig) -> None:
    rig.course_errors = True
    rig.serve(lambda exchange: exchange.reply(404, b"mine"))
    answer = rig.ask(path="/oth%65r?x=1")
    assert (answer.status_code, answer.content_type) == (400, "application/json")
    assert answer.text == (
        '{"message":"<Error> \'/oth%65r\' endpoint does not exist in server replicas","status":"failure"}'
    )
    assert in_flight(rig.plane, "A") == 0


@pytest.mark.parametrize("status", [200, 400, 405, 500])
def test_no_other_answer_is_changed_for_the_handouts_clients(rig: Rig, status: int) -> None:
    rig.course_errors = True
    rig.serve(lambda exchange: exchange.reply(status, b"mine"))
    answer = rig.ask()
    assert (answer.status_code, answer.data) == (status, b"mine")


# What is repeated


@pytest.mark.parametrize("method", IDEMPOTENT)
def test_an_idempotent_request_is_repeated_elsewhere_when_a_server_breaks_off(rig: Rig, method: str) -> None:
    rig.serve(break_off, hello)
    answer = rig.ask(method)
    assert (answer.status_code, answer.headers["X-Served-By"]) == (200, "B")
    assert (len(rig.received("A")), len(rig.received("B"))) == (1, 1)


@pytest.mark.parametrize("method", NOT_IDEMPOTENT)
def test_any_other_request_is_never_repeated_once_it_was_sent(rig: Rig, method: str) -> None:
    rig.serve(break_off, hello)
    answer = rig.ask(method, data=b"x")
    assert (answer.status_code, answer.content_type) == (502, "application/json")
    assert answer.text == '{"message":"<Error> The server broke off before it answered","status":"failure"}'
    assert (len(rig.received("A")), len(rig.received("B"))) == (1, 0)


@pytest.mark.parametrize("method", [*IDEMPOTENT, *NOT_IDEMPOTENT])
def test_any_request_is_repeated_when_no_connection_was_made(rig: Rig, method: str) -> None:
    rig.serve(hello)
    rig.route({"gone": nobody_listens(), "A": rig.servers["A"].address})
    answer = rig.ask(method, data=b"x" * 100 if method in NOT_IDEMPOTENT else None)
    assert (answer.status_code, answer.headers["X-Served-By"]) == (200, "A")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("dead", "status"), [(answers.MOST_TRIED - 1, 200), (answers.MOST_TRIED, 503)])
def test_servers_that_cannot_be_reached_do_not_count_among_those_that_get_a_request(
    rig: Rig, method: str, dead: int, status: int
) -> None:
    rig.serve(hello)
    rig.route({f"gone{number}": nobody_listens() for number in range(dead)} | {"A": rig.servers["A"].address})
    answer = rig.ask(method)
    assert answer.status_code == status
    assert status == 200 or answer.text == answers.failure(answers.NO_SERVER)
    assert len(rig.received("A")) == (status == 200)


def test_a_request_is_sent_to_three_servers_at_most_whoever_cannot_be_reached_between_them(rig: Rig) -> None:
    rig.serve(break_off, break_off, break_off, hello)
    living = {name: server.address for name, server in rig.servers.items()}
    rig.route({"A": living["A"], "gone": nobody_listens(), "B": living["B"], "C": living["C"], "D": living["D"]})
    answer = rig.ask()
    assert (answer.status_code, answer.text) == (502, answers.failure(answers.broke_off(3)))
    assert [len(rig.received(name)) for name in "ABCD"] == [1, 1, 1, 0]


def test_failures_before_a_server_was_reached_do_not_count(rig: Rig) -> None:
    """Three in a row would let requests pass it over."""
    rig.serve(hello)
    address = nobody_listens()
    rig.route({"A": address, "B": rig.servers["A"].address})
    failed = [rig.ask().headers["X-Ring-Attempt"] for _ in range(2)]
    host, _, port = address.rpartition(":")
    with socket.create_server((host, int(port))) as server, ThreadPoolExecutor(1) as threads:
        asked = threads.submit(rig.ask)
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        reached = asked.result(10).headers["X-Ring-Attempt"]
    again = [rig.ask().headers["X-Ring-Attempt"] for _ in range(2)]
    assert (failed, reached, again) == (["2", "2"], "1", ["2", "2"])


def test_a_body_too_long_to_keep_is_sent_after_a_refused_connection(rig: Rig) -> None:
    rig.serve(hello)
    rig.route({"gone": nobody_listens(), "A": rig.servers["A"].address})
    assert rig.ask("POST", data=b"x" * 500_000).status_code == 200
    assert rig.received("A")[0].body == b"x" * 500_000


def test_a_short_body_is_repeated_whole(rig: Rig) -> None:
    rig.serve(break_off, hello)
    assert rig.ask("PUT", data=b"x" * REPEATABLE_BODY).status_code == 200
    assert rig.received("B")[0].body == b"x" * REPEATABLE_BODY


def test_a_longer_body_is_not_repeated(rig: Rig) -> None:
    rig.serve(break_off, hello)
    assert rig.ask("PUT", data=b"x" * (REPEATABLE_BODY + 1)).status_code == 502
    assert not rig.received("B")


@pytest.mark.parametrize(
    "answer", [b"garbage\r\n\r\n", b"HTTP/1.1 999999 x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"]
)
def test_half_or_broken_answers_are_repeated_elsewhere(rig: Rig, answer: bytes) -> None:
    def say(exchange: Exchange) -> None:
        exchange.raw(answer)
        exchange.break_off()

    rig.serve(say, hello)
    reply = rig.ask()
    assert (reply.status_code, reply.data) == (200, b"hello")


def test_a_long_answer_that_breaks_off_never_looks_whole(rig: Rig) -> None:
    def half(exchange: Exchange) -> None:
        exchange.begin_chunks()
        exchange.chunk(b"x" * 1000)
        exchange.break_off()

    rig.serve(half, hello)
    pieces = rig.stream()
    assert (next(pieces), next(pieces)) == (b"", b"x" * 1000)
    with pytest.raises(Exception, match=r"IncompleteRead|Connection broken|incomplete"):
        list(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert in_flight(rig.plane, "A") == 0
    assert not rig.received("B")


def test_a_request_is_sent_to_three_servers_and_no_more(rig: Rig) -> None:
    """It may be the request that ends them."""
    rig.serve(break_off, break_off, break_off, break_off)
    answer = rig.ask()
    assert (answer.status_code, answer.content_type) == (502, "application/json")
    assert answer.text == answers.failure(answers.broke_off(3))
    assert [len(rig.received(name)) for name in "ABCD"] == [1, 1, 1, 0]


def test_where_two_servers_are_all_the_answer_says_two(rig: Rig) -> None:
    rig.serve(break_off, break_off)
    assert rig.ask().text == answers.failure(answers.broke_off(2))


# What a server is spared


def test_a_server_has_no_more_requests_at_once_than_it_may_and_the_others_wait(rig: Rig) -> None:
    rig.server_max_connections = 2
    most, now, lock = [0], [0], threading.Lock()

    def count(exchange: Exchange) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.05)
        with lock:
            now[0] -= 1
        exchange.reply(200, b"x")

    rig.serve(count)
    assert rig.forwarder
    with ThreadPoolExecutor(6) as clients:
        assert {answer.status_code for answer in clients.map(lambda _: rig.ask(), range(6))} == {200}
    assert most == [2]


def test_a_request_that_waits_too_long_for_its_turn_is_answered_503_and_not_sent(rig: Rig) -> None:
    rig.server_max_connections, rig.queue_timeout = 1, 0.1
    go_on, began = threading.Event(), threading.Event()

    def hold(exchange: Exchange) -> None:
        began.set()
        exchange.wait(go_on)
        exchange.reply(200, b"x")

    rig.serve(hold)
    assert rig.forwarder
    with ThreadPoolExecutor(1) as clients:
        first = clients.submit(rig.ask)
        assert began.wait(30)
        second = rig.ask()
        go_on.set()
        assert first.result().status_code == 200
    assert (second.status_code, second.text) == (503, answers.failure(answers.NO_SERVER))
    assert len(rig.received()) == 1
    assert in_flight(rig.plane, "A") == 0
    assert rig.ask().status_code == 200


def test_where_no_connection_may_be_kept_every_request_has_its_own(rig: Rig) -> None:
    rig.server_keep_alive = False
    rig.serve(hello)
    for _ in range(3):
        assert rig.ask().status_code == 200
        assert count_to(rig.servers["A"].address) == 0
    assert {request.headers["Connection"] for request in rig.received()} == {"close"}


# What takes long


def test_an_answer_that_has_begun_may_be_silent_for_longer_than_one_that_has_not(rig: Rig) -> None:
    rig.response_timeout = 0.5

    def pause(exchange: Exchange) -> None:
        exchange.begin_chunks()
        exchange.chunk(b"first")
        threading.Event().wait(0.8)
        exchange.chunk(b"second")
        exchange.chunk(b"")

    rig.serve(pause)
    assert rig.ask().data == b"firstsecond"


def test_an_answer_that_is_silent_for_too_long_is_cut_off(rig: Rig) -> None:
    rig.stream_timeout = 0.1
    never = threading.Event()

    def stall(exchange: Exchange) -> None:
        exchange.begin_chunks()
        exchange.chunk(b"first")
        exchange.wait(never)

    rig.serve(stall)
    pieces = rig.stream()
    assert (next(pieces), next(pieces)) == (b"", b"first")
    with pytest.raises(ServerTooSlow):
        next(pieces)
    never.set()
    pieces.close()  # type: ignore[attr-defined]
    assert in_flight(rig.plane, "A") == 0


def test_a_client_that_has_left_frees_its_place_while_the_server_works(rig: Rig) -> None:
    never = threading.Event()
    rig.serve(lambda exchange: exchange.wait(never))
    ours, client = socket.socketpair()
    with ours, ThreadPoolExecutor(1) as threads:
        asked = threads.submit(rig.ask, environ_overrides={"gunicorn.socket": ours})
        until(lambda: in_flight(rig.plane, "A") == 1, "the request is in flight", within=5)
        client.close()
        assert asked.result(30).status_code == 400
    never.set()
    assert rig.plane.activity()["A"] == Activity(given_up=1)


def test_a_client_that_has_left_a_silent_stream_frees_its_place(rig: Rig) -> None:
    never = threading.Event()

    def begin(exchange: Exchange) -> None:
        exchange.begin_chunks()
        exchange.chunk(b"first")
        exchange.wait(never)

    rig.serve(begin)
    ours, client = socket.socketpair()
    with ours:
        pieces = rig.stream(environ_overrides={"gunicorn.socket": ours})
        assert (next(pieces), next(pieces)) == (b"", b"first")
        client.close()
        assert list(pieces) == []
    pieces.close()  # type: ignore[attr-defined]
    never.set()
    assert in_flight(rig.plane, "A") == 0


def test_no_server_is_tried_twice(rig: Rig) -> None:
    rig.serve(break_off)
    assert rig.ask().status_code == 502
    assert len(rig.received()) == 1


def test_without_a_server_the_answer_is_503(rig: Rig) -> None:
    rig.plane.apply(Routes(("",) * SLOTS, ()))
    answer = rig.ask()
    assert (answer.status_code, answer.content_type) == (503, "application/json")
    assert json.loads(answer.data) == {"message": "<Error> No server can answer now", "status": "failure"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_takes_too_long_is_a_504_and_nothing_is_repeated(rig: Rig, method: str) -> None:
    never = threading.Event()
    rig.response_timeout = 0.1
    rig.serve(lambda exchange: exchange.wait(never), hello)
    answer = rig.ask(method)
    never.set()
    assert (answer.status_code, answer.content_type) == (504, "application/json")
    assert answer.text == '{"message":"<Error> The server did not answer in time","status":"failure"}'
    assert not rig.received("B")
    assert in_flight(rig.plane, "A") == 0


def test_a_failed_attempt_is_not_in_flight(rig: Rig) -> None:
    rig.serve(break_off, hello)
    rig.ask()
    assert (in_flight(rig.plane, "A"), in_flight(rig.plane, "B")) == (0, 0)


def test_a_server_that_breaks_its_idle_connection_gets_a_new_one(rig: Rig) -> None:
    """As after a restart of the server: the pooled connection is dead and nobody has noticed."""

    broken = threading.Event()

    def once(exchange: Exchange) -> None:
        exchange.reply(200, b"x")
        exchange.break_off()
        broken.set()

    rig.serve(once)
    for _ in range(3):
        broken.clear()
        assert rig.ask("POST", data=b"1").status_code == 200
        assert broken.wait(30)
