"""The judge of the attacks sees what forwarders do that two readers would read in two ways."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests import strict_http
from tests.contract.attack import Outcome, judge, number_of
from tests.contract.recording_server import Recorded, answer
from tests.contract.smuggling import Case, cases
from tests.strict_http import Ambiguous

CASES = cases()
WELL_FORMED = {"pipeline"}
"""Every forwarder that passes bytes on does these right."""


def passed_through(sent: bytes) -> bytes:
    return sent


def blind_to_chunks(sent: bytes) -> bytes:
    return re.sub(rb"(?i)transfer-encoding:", b"x-transfer-encoding:", sent)


def blind_to_lengths(sent: bytes) -> bytes:
    return re.sub(rb"(?i)content-length:", b"x-content-length:", sent)


def problem(case: Case, forward: Callable[[bytes], bytes]) -> str:
    """What the judge says of a forwarder that sends this for the case, and gives the server's answers back."""
    recorded = Recorded()
    requests = list(recorded.take(forward(case.sent)))
    got = b"".join(map(answer, requests))
    outcome = Outcome.of(got, number=number_of(case), closed=True)
    return recorded.wrong or judge(case, outcome, [request.head.target for request in requests])


@pytest.mark.parametrize("kind", sorted({case.kind for case in CASES} - WELL_FORMED))
def test_each_kind_finds_a_naive_forwarder(kind: str) -> None:
    of_kind = [case for case in CASES if case.kind == kind]
    assert any(
        problem(case, forward) for case in of_kind for forward in (passed_through, blind_to_chunks, blind_to_lengths)
    )


def test_a_forwarder_that_passes_bytes_on_is_found_by_very_many_cases() -> None:
    assert sum(bool(problem(case, passed_through)) for case in CASES) > 1000


@pytest.mark.parametrize("kind", sorted(WELL_FORMED | {"embedded"}))
def test_a_server_behind_a_forwarder_that_changes_nothing_sees_what_is_well_formed(kind: str) -> None:
    assert not [case for case in CASES if case.kind == kind and problem(case, passed_through)]


def test_another_clients_answer_is_found() -> None:
    case, other = (case for case in CASES[-2:])
    got = b"HTTP/1.1 200 OK\r\nX-Marker: /a-%b\r\nContent-Length: 0\r\n\r\n" % number_of(other)
    assert "another client's" in judge(case, Outcome.of(got, number=number_of(case), closed=True), [])


@pytest.mark.parametrize(
    ("outcome", "is_wrong"),
    [
        (Outcome("", 400, closed=True), False),
        (Outcome("", 400, closed=False), True),
        (Outcome("", 500, closed=True), True),
        (Outcome("", 0, closed=True), True),
        (Outcome("", 0, closed=False), True),
        (Outcome("a", 400, closed=True), False),
        (Outcome("asv", 200, closed=True), False),
        (Outcome("as", 200, closed=True), True),
        (Outcome("av", 200, closed=True), True),
    ],
)
def test_what_is_not_passed_on_must_be_refused(outcome: Outcome, is_wrong: bool) -> None:
    case = Case("any", b"/a-00001", ("asv",))
    seen = [f"/{letter}-00001".encode() for letter in outcome.heads]
    assert bool(judge(case, outcome, seen)) is is_wrong


@pytest.mark.parametrize(
    "received",
    [
        b"GET / HTTP/1.1\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x y\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.2\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer_Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX : y\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: websocket, h2c\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: \0\r\n\r\n",
    ],
)
def test_the_strict_reader_refuses_what_has_two_readings(received: bytes) -> None:
    with pytest.raises(Ambiguous):
        strict_http.request(received)


@pytest.mark.parametrize(
    ("received", "body"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b""),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n", b"hello!"),
    ],
)
def test_the_strict_reader_finds_a_request_in_any_pieces(received: bytes, body: bytes) -> None:
    for end in range(len(received)):
        assert strict_http.request(received[:end]) is None
    found = strict_http.request(received + b"GET /")
    assert found
    assert (found.body, found.size) == (body, len(received))
