"""How long a client may take over the body of a request."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from werkzeug.exceptions import RequestTimeout

from balancer.ports import answers

BODY_TIME = 10.0
"""Seconds for a whole body. One that trickles would occupy a thread for as long as its client likes."""


@contextmanager
def in_time(connection: socket.socket | None) -> Iterator[None]:
    """Ends the body that is read inside when its time is over, and raises RequestTimeout (408). A timeout of the socket
    would begin anew with every byte. Without a connection there is no limit."""
    if connection is None:
        yield
        return
    end = time.monotonic() + BODY_TIME
    timer = threading.Timer(BODY_TIME, _end, [connection])
    timer.start()
    try:
        yield
    except Exception:
        if time.monotonic() < end:
            raise
    finally:
        timer.cancel()
    if time.monotonic() >= end:
        raise RequestTimeout(answers.TOO_LATE)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)
