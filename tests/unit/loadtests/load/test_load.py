"""The load against a real server on loopback: it sends what it shall, and whatever goes wrong is seen."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from loadtests.load import load as load_module
from loadtests.load.load import Load, LoadFailed, load
from loadtests.load.sender import LoadPlan
from loadtests.traffic import KEY, POST_ID
from tests.fakes.web_server import Answer, Exchange, WebServer
from tests.polling import until

SENT = 40


def well(exchange: Exchange) -> None:
    exchange.reply(body=b"hello", headers=[("X-Served-By", "S1"), ("X-Ring-Attempt", "2")])


@contextmanager
def loaded(answer: Answer, **plan: object) -> Iterator[tuple[Load, WebServer]]:
    with WebServer(answer) as server:
        usual = {"requests": SENT, "most_open": 8}
        with load(LoadPlan(url=f"http://{server.address}", **{**usual, **plan})) as traffic:  # type: ignore[arg-type]
            yield traffic, server


def test_exactly_so_many_are_sent_and_all_are_told() -> None:
    with loaded(well) as (traffic, server):
        traffic.wait_for(SENT - 1)
    assert (len(traffic.requests), traffic.sent, len(server.received), traffic.failed) == (SENT, SENT, SENT, 0)
    assert {(request.server, request.attempt, request.status) for request in traffic.requests} == {("S1", 2, 200)}


def test_it_knows_for_how_long_it_has_sent() -> None:
    with loaded(well, requests=0, rate=200.0) as (traffic, _):
        traffic.wait_for(SENT)
    first, last = (pick(request.began for request in traffic.requests) for pick in (min, max))
    assert traffic.stopped
    assert traffic.seconds == traffic.stopped - traffic.began
    assert first <= traffic.began < last


def test_posts_slow_ones_and_keys_have_their_turns() -> None:
    with loaded(well, post_every=10, slow_every=20, keys=("a", "b")) as (traffic, server):
        pass
    methods = Counter((received.method, received.target) for received in server.received)
    assert methods == {("POST", "/echo"): 4, ("GET", "/slow?seconds=1"): 2, ("GET", "/home"): SENT - 6}
    assert Counter(received.headers[KEY] for received in server.received) == {"a": SENT / 2, "b": SENT / 2}
    assert {r.headers[POST_ID] for r in server.received if r.method == "POST"} == {"<0>", "<10>", "<20>", "<30>"}
    assert sum(request.own for request in traffic.requests) == 2


def test_keys_are_drawn_from_so_many_users_and_without_any_there_is_none() -> None:
    with loaded(well, users=3) as (_, server):
        pass
    assert {received.headers[KEY] for received in server.received} == {"0", "1", "2"}
    with loaded(well) as (_, server):
        pass
    assert {received.headers[KEY] for received in server.received} == {None}


def test_an_answer_that_breaks_off_after_its_head_is_cut() -> None:
    def cut(exchange: Exchange) -> None:
        exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhel")
        exchange.break_off()

    with loaded(cut) as (traffic, _):
        pass
    assert traffic.counts.cut == SENT


def test_an_answer_in_chunks_is_read_to_its_end_and_seen_to_be_cut() -> None:
    turn = iter(range(SENT))

    def chunked(exchange: Exchange) -> None:
        exchange.begin_chunks()
        exchange.chunk(b"hello")
        if next(turn) % 2:
            exchange.chunk(b"")
        else:
            exchange.break_off()

    with loaded(chunked, most_open=1) as (traffic, _):
        pass
    assert (traffic.counts.cut, traffic.failed) == (SENT / 2, SENT / 2)


def test_a_refusal_is_a_failure_with_its_status_and_nobody_there_one_with_its_error() -> None:
    with loaded(lambda exchange: exchange.reply(502)) as (refused, server):
        url = f"http://{server.address}"
    with load(LoadPlan(url=url, requests=SENT, most_open=1)) as unheard:
        pass
    assert refused.causes == {"502": SENT}
    assert unheard.causes == {"ConnectionRefusedError on a new connection": SENT}


def test_with_a_rate_requests_begin_at_their_times_whatever_becomes_of_those_before() -> None:
    """None is answered before all have begun."""
    begun = threading.Semaphore(0)
    go = threading.Event()

    def slow(exchange: Exchange) -> None:
        begun.release()
        exchange.wait(go)
        well(exchange)

    def let_go() -> None:
        for _ in range(SENT):
            begun.acquire()
        go.set()

    freeing = threading.Thread(target=let_go)
    freeing.start()
    with loaded(slow, rate=400.0, most_open=SENT) as (traffic, _):
        pass
    freeing.join()
    assert (traffic.sent, traffic.left_out, traffic.failed) == (SENT, 0, 0)
    assert min(request.ended for request in traffic.requests) > max(request.began for request in traffic.requests)


def test_what_is_not_sent_because_too_many_are_open_is_counted() -> None:
    go = threading.Event()

    def slow(exchange: Exchange) -> None:
        exchange.wait(go)
        well(exchange)

    with loaded(slow, rate=400.0, most_open=10) as (traffic, _):
        until(lambda: traffic.left_out, "some are left out", within=10)
        go.set()
    assert traffic.sent + traffic.left_out == SENT


def test_what_is_open_when_the_load_ends_has_failed() -> None:
    go = threading.Event()
    with loaded(lambda exchange: exchange.wait(go), last_within=0.1) as (traffic, _):
        traffic.stop()
        go.set()
    assert traffic.causes == {"unanswered": 8}
    assert traffic.counts.failed == {"unanswered": 8}


def test_answers_are_waited_for_up_to_a_moment() -> None:
    go = threading.Event()

    def second_is_slow(exchange: Exchange) -> None:
        if exchange.headers[KEY] == "slow":
            exchange.wait(go)
        well(exchange)

    with loaded(second_is_slow, rate=100.0, requests=0, keys=("fast", "slow")) as (traffic, _):
        traffic.wait_for(1)
        now = time.monotonic()
        assert not traffic.wait_for_answers(now, within=0.0)
        go.set()
        assert traffic.wait_for_answers(now, within=10)
        taken = traffic.take(now)
    assert max(request.began for request in taken) < now <= min(request.began for request in traffic.requests)
    assert traffic.take(now) == []


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM])
def test_a_load_that_dies_is_an_error_at_once(blow: signal.Signals) -> None:
    with pytest.raises(LoadFailed, match="has died"), loaded(well, requests=0) as (traffic, _):  # noqa: PT012
        os.kill(traffic.process.pid or 0, blow)
        traffic.wait_for(10**6)


def test_a_load_that_died_unnoticed_is_an_error_at_its_end() -> None:
    with pytest.raises(LoadFailed, match="did not end as it should"), loaded(well, requests=0) as (traffic, _):  # noqa: PT012
        os.kill(traffic.process.pid or 0, signal.SIGKILL)
        traffic.process.join()


def test_a_load_that_tells_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_module, "SILENT", -1.0)
    with pytest.raises(LoadFailed, match="has told nothing"), loaded(well, requests=0) as (traffic, _):
        traffic.check()
