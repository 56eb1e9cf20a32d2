"""The stream of events: live, resumed, few at once, and never longer than its client or the process."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from typing import Any

import pytest

from balancer.core.event import EventKind
from balancer.http import event_stream
from balancer.http.event_stream import MOST, STOPPING
from balancer.service.event_log import EventLog
from balancer.service.problems import Problems
from balancer.service.tokens import Tokens
from tests.fakes.clock import FakeClock
from tests.unit.balancer.http.test_events import control_port
from tests.unit.balancer.http.test_refusals import reason


class Rig:
    """A control port whose streams go over one real connection, from `ours` to `theirs`."""

    def __init__(self) -> None:
        self.events = EventLog(FakeClock(), kept=6)
        self.names = ["alice", "bob"]
        self.tokens = Tokens(token_sha256="", problems=Problems(self.events), read=self._file)
        self.client = control_port(self.events, self.tokens)
        self.is_stopping = False
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.theirs = socket.create_connection(listener.getsockname())
            self.ours, _ = listener.accept()

    def _file(self) -> bytes:
        """The file with the named tokens; each is its own name."""
        digests = {name: sha256(name.encode()).hexdigest() for name in self.names}
        return json.dumps({name: {"sha256": digest, "role": "read"} for name, digest in digests.items()}).encode()

    def ask(self, query: str = "", *, method: str = "GET", **headers: str) -> Any:
        environ: dict[str, object] = {"gunicorn.socket": self.ours, STOPPING: lambda: self.is_stopping}
        usual = {"Accept": "text/event-stream", "Authorization": "Bearer alice"}
        headers = usual | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(f"/events?{query}", method=method, headers=headers, environ_overrides=environ)

    def pieces(self, query: str = "", **headers: str) -> Iterator[str]:
        """What is sent after the stream's beginning."""
        sent = (piece.decode() for piece in self.ask(query, **headers).response)
        assert next(sent) == "retry: 1000\n\n"
        return sent


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setattr(event_stream, "_LOOK", 0.01)
    monkeypatch.setattr(event_stream, "_STALL", 0.01)
    rig = Rig()
    with rig.ours, rig.theirs:
        yield rig


def data(piece: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(piece.partition("data: ")[2])
    return document


def test_an_event_as_it_is_sent(rig: Rig) -> None:
    sent = rig.pieces()
    rig.events.record(EventKind.LEFT, server="S1", reason="a\nb", seconds=0.25, N=3)
    assert next(sent) == (
        "id: 1600001000001\nevent: left\n"
        'data: {"number":1600001000001,"time":"2020-09-13T12:43:20.000+00:00","kind":"left","server":"S1",'
        '"node":"","reason":"a\\nb","seconds":0.25,"facts":{"N":3}}\n\n'
    )


def test_the_answer_is_a_stream_that_nobody_keeps(rig: Rig) -> None:
    answer = rig.ask()
    assert (answer.status_code, answer.content_type) == (200, "text/event-stream")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("accept", ["*/*", "", "application/json", "text/event-stream;q=0.5, application/json"])
def test_who_does_not_ask_for_a_stream_gets_none(rig: Rig, accept: str) -> None:
    assert rig.ask(Accept=accept).content_type == "application/json"


def test_a_stream_begins_now_or_where_the_client_was(rig: Rig) -> None:
    for _ in range(3):
        rig.events.record(EventKind.JOINED)
    first = rig.events.last - 2
    live, since = rig.pieces(), rig.pieces(f"since={first}")
    resumed = rig.pieces(f"since={first}", Last_Event_ID=str(first + 1))
    rig.events.record(EventKind.LEFT)
    assert [data(next(since))["number"] for _ in range(3)] == [first + 1, first + 2, first + 3]
    assert [data(next(resumed))["number"] for _ in range(2)] == [first + 2, first + 3]
    assert data(next(live))["number"] == first + 3


def test_a_stream_can_be_of_one_kind_or_server(rig: Rig) -> None:
    sent = rig.pieces("kind=joined&server=S2")
    for kind, server in [(EventKind.JOINED, "S1"), (EventKind.LEFT, "S2"), (EventKind.JOINED, "S2")]:
        rig.events.record(kind, server=server)
    assert data(next(sent))["number"] == rig.events.last


def test_who_was_too_slow_is_told_what_is_missing(rig: Rig) -> None:
    sent = rig.pieces()
    for _ in range(8):
        rig.events.record(EventKind.JOINED)
    assert next(sent) == "event: dropped\ndata: 2\n\n"
    assert data(next(sent))["number"] == rig.events.last - 5


def test_a_comment_keeps_a_quiet_stream_alive(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "_ALIVE", 0.02)
    sent = rig.pieces()
    assert [next(sent), next(sent)] == [": alive\n\n", ": alive\n\n"]


@pytest.mark.parametrize("headers", [{"Last_Event_ID": "x"}, {"Last_Event_ID": "-1"}])
def test_what_cannot_be_resumed_is_refused(rig: Rig, headers: dict[str, str]) -> None:
    answer = rig.ask(**headers)
    assert answer.status_code == 400
    assert "Last-Event-ID must be the number of an event" in reason(answer.text)


def test_a_stream_has_no_limit(rig: Rig) -> None:
    assert reason(rig.ask("limit=5").text) == "limit: a stream has none; leave it out"


def test_one_stream_too_many_is_told_what_to_do_until_one_ends(rig: Rig) -> None:
    answers = [rig.ask() for _ in range(MOST)]
    refused = rig.ask()
    assert (refused.status_code, refused.content_type) == (503, "application/json")
    assert reason(refused.text) == (
        "16 streams of events are open already: close one, or ask for /events?since=… now and then"
    )
    assert rig.ask(Accept="application/json").status_code == 200
    answers[0].close()
    assert rig.ask().status_code == 200


def test_a_refusal_and_a_head_take_no_stream(rig: Rig) -> None:
    for _ in range(MOST):
        assert rig.ask("since=x").status_code == 400
        assert rig.ask(method="HEAD").status_code == 200
    assert rig.ask().status_code == 200


def test_a_stream_ends_when_the_process_stops(rig: Rig) -> None:
    sent = rig.pieces()
    rig.is_stopping = True
    assert list(sent) == []


def test_a_stream_ends_when_its_token_counts_no_more(rig: Rig) -> None:
    """What happens after that is not told."""
    alices, bobs = rig.pieces(), rig.pieces(Authorization="Bearer bob")
    rig.names.remove("alice")
    rig.tokens.look()
    rig.events.record(EventKind.JOINED)
    assert list(alices) == []
    assert data(next(bobs))["number"] == rig.events.last


def test_where_no_token_is_wanted_a_stream_goes_on(rig: Rig) -> None:
    rig.client = control_port(rig.events)
    sent = rig.pieces(Authorization="")
    rig.events.record(EventKind.JOINED)
    assert data(next(sent))["number"] == rig.events.last


def test_a_stream_ends_when_its_client_is_gone(rig: Rig) -> None:
    sent = rig.pieces()
    rig.theirs.close()
    assert list(sent) == []


def test_the_error_of_a_broken_connection_is_not_left_for_the_web_server(rig: Rig) -> None:
    sent = rig.pieces()
    rig.theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    rig.theirs.close()
    assert list(sent) == []
    with pytest.raises(BrokenPipeError):
        rig.ours.send(b"x")


def test_a_client_that_was_gone_before_is_no_defect(rig: Rig) -> None:
    rig.ours.shutdown(socket.SHUT_RDWR)
    rig.theirs.close()
    assert list(rig.ask().response) == []


def test_a_client_that_takes_nothing_is_hung_up_on(rig: Rig) -> None:
    sent = rig.pieces()
    rig.ours.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            rig.ours.send(bytes(65536))
    assert list(sent) == []
    with pytest.raises(BrokenPipeError):
        rig.ours.send(b"x")
