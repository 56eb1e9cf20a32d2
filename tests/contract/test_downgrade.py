"""Requests of HTTP/2 that the edge writes as HTTP/1.1 for the servers: what comes out has one reading."""

from __future__ import annotations

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest
from hpack import Decoder, Encoder
from hyperframe.frame import DataFrame, Frame, GoAwayFrame, HeadersFrame, RstStreamFrame, SettingsFrame

from balancer.core.protocol import H2_BUFSIZE
from balancer.core.routes import Backend
from tests.contract.attack import by_case
from tests.contract.downgrading import Fields, Stream, streams
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import PORT, Lab
from tests.contract.plane_bench import all_to
from tests.contract.recording_server import RecordingServer

pytestmark = pytest.mark.docker

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_BEHIND: Fields = ((b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/honest"), (b":authority", b"x"))
Answer = tuple[int, bytes]
"""Status and marker; (0, b"") where the stream or the connection was ended."""


def test_no_stream_becomes_two_requests(haproxy_bench: HaproxyBench, lab: Lab) -> None:
    attacks = streams()
    assert len(attacks) > 500
    with RecordingServer(lab.gateway) as recorder, ThreadPoolExecutor(16) as clients:
        haproxy_bench.change(explain=False, bufsize=H2_BUFSIZE)
        haproxy_bench.plane.apply(all_to(Backend("S1", recorder.address)))
        answers = list(clients.map(partial(ask, haproxy_bench.host), attacks))
        seen = by_case(list(recorder.targets))
    wrong = [f"the server got: {each.wrong}" for each in recorder.connections if each.wrong]
    for number, (attack, (answer, behind)) in enumerate(zip(attacks, answers, strict=True)):
        targets = seen.get(b"%05d" % number, [])
        heads = [b"s" if re.match(rb"/+s-", target) else b"a" for target in targets]
        if heads not in ([], [b"a"]):
            wrong.append(f"{attack.kind}: the server saw {targets}: {attack}")
        if answer[0] >= 500 or (answer[0] == 200 and b"%05d" % number not in answer[1] and targets):
            wrong.append(f"{attack.kind}: {answer}: {attack}")
        if behind not in ((200, b"/honest"), (0, b"")):
            wrong.append(f"{attack.kind}: the next stream got {behind}: {attack}")
    passed = sum(answer[0] == 200 for answer, _ in answers)
    print(f"{len(attacks)} streams, {passed} passed on")  # noqa: T201 (numbers, with -s)
    assert 0 < passed < len(attacks)
    assert not wrong, f"{len(wrong)} of {len(attacks)}:\n" + "\n".join(wrong[:40])


def ask(host: str, attack: Stream) -> tuple[Answer, Answer]:
    """The answers to the attack and to an honest stream behind it, on one connection."""
    encoder = Encoder()
    sent = [
        SettingsFrame(0),
        *_frames(1, encoder.encode(attack.fields), attack.body),
        *_frames(3, encoder.encode(_BEHIND)),
    ]
    found: dict[int, Answer] = {1: (0, b""), 3: (0, b"")}
    with socket.create_connection((host, PORT), timeout=8) as connection, suppress(ConnectionError):
        connection.sendall(_PREFACE + b"".join(frame.serialize() for frame in sent))
        _read(connection, found)
    return found[1], found[3]


def _frames(stream: int, block: bytes, body: bytes = b"") -> list[Frame]:
    head = HeadersFrame(stream, block, flags=["END_HEADERS", *([] if body else ["END_STREAM"])])
    return [head, DataFrame(stream, body, flags=["END_STREAM"])] if body else [head]


def _read(connection: socket.socket, found: dict[int, Answer]) -> None:
    """Until both streams or the connection have ended."""
    decoder, ended = Decoder(), set[int]()
    with connection.makefile("rb") as stream:
        while len(ended) < len(found) and (head := stream.read(9)):
            frame, length = Frame.parse_frame_header(memoryview(head))
            frame.parse_body(memoryview(stream.read(length)))
            if isinstance(frame, HeadersFrame):
                fields = dict(decoder.decode(frame.data, raw=True))
                found[frame.stream_id] = (int(fields[b":status"]), fields.get(b"x-marker", b""))
            if isinstance(frame, RstStreamFrame) or "END_STREAM" in frame.flags:
                ended.add(frame.stream_id)
            if isinstance(frame, GoAwayFrame) and frame.error_code:
                return
