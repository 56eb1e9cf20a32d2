"""How long a client may take over a body."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from flask.testing import FlaskClient

from balancer.http import patience


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, client = socket.socketpair()
    with ours, client:
        yield ours, client


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "BODY_TIME", 0.2)


@pytest.mark.parametrize("framing", [{"CONTENT_LENGTH": "60"}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
def test_a_body_that_trickles_is_told_that_it_is_too_late(
    client: FlaskClient, connection: tuple[socket.socket, socket.socket], framing: dict[str, str]
) -> None:
    """Every byte comes in time, the whole does not."""
    ours, theirs = connection
    stop = threading.Event()

    def trickle() -> None:
        with suppress(OSError):
            while not stop.wait(0.05):
                theirs.send(b" ")

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        with ours.makefile("rb", buffering=0) as stream:
            environ = {"wsgi.input": stream, "wsgi.input_terminated": True, "gunicorn.socket": ours, **framing}
            answer = client.post("/add", environ_overrides=environ)
    finally:
        stop.set()
        thread.join()
    assert answer.status_code == 408
    assert answer.text == '{"message":"<Error> The request did not arrive in time","status":"failure"}'


def test_a_body_that_is_there_is_read_and_the_connection_lives_on(
    client: FlaskClient, connection: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = connection
    assert client.post("/add", data=b'{"n":1}', environ_overrides={"gunicorn.socket": ours}).status_code == 200
    theirs.send(b"x")
    assert ours.recv(1) == b"x"


def test_an_error_in_time_stays_what_it_is(connection: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(ValueError, match="broken"), patience.in_time(connection[0]):
        raise ValueError("broken")
