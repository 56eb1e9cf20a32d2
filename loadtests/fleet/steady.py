"""Requests at a steady rate over kept connections, each noted with what came of it. It never repeats one itself.

The rate does not sink while answers are late, as it does with a fixed number of busy clients: what a fault costs is a
share of the requests that users send, not of those that a stuck client still can send.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from itertools import count
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

POST_ID = "X-Post-Id"
"""The header by which a POST is known again."""

_POST_EVERY = 5
_TIMEOUT = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`began` and `ended` in seconds of the monotonic clock; `status` 0 where no answer began; `attempt` as the answer
    tells it; `error` is empty where the answer came whole."""

    post: str
    began: float
    ended: float
    status: int
    attempt: int
    server: str
    error: str

    @property
    def has_failed(self) -> bool:
        return self.status != HTTPStatus.OK or bool(self.error)

    @property
    def had_begun(self) -> bool:
        """Whether it failed after its answer had begun, when nobody can repeat it any more."""
        return self.has_failed and self.status == HTTPStatus.OK

    @property
    def was_repeated(self) -> bool:
        return self.attempt > 1


def worst_share(requests: Sequence[Request]) -> float:
    """The largest share of repeated requests in any second, by when they began."""
    starts = (request.began for request in requests if request.was_repeated)
    return max((_share(requests, start, start + 1) for start in starts), default=0.0)


def _share(requests: Sequence[Request], since: float, until: float) -> float:
    those = [request for request in requests if since <= request.began < until]
    return sum(request.was_repeated for request in those) / len(those)


class SteadyLoad:
    """`with SteadyLoad(url, path="/home", rate=200, connections=64) as load:`; every fifth request is a POST to /echo.

    `rate` per second. Each connection sends one request at a time, so that so many may be open at once.
    """

    def __init__(self, url: str, *, path: str, rate: float, connections: int) -> None:
        self._host = urlsplit(url).netloc
        self._path = path
        self._rate = rate
        self._tickets = count()
        self._began = time.monotonic()
        self._stop = threading.Event()
        self._requests: list[Request] = []
        self._threads = [threading.Thread(target=self._work, name="steady load") for _ in range(connections)]

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def ended(self) -> int:
        """How many have ended. Grows while the load runs."""
        return len(self._requests)

    @property
    def all(self) -> Sequence[Request]:
        return self.between(0.0, float("inf"))

    def between(self, since: float, until: float) -> Sequence[Request]:
        """Those that began in this time, in the order in which they began."""
        found = (request for request in list(self._requests) if since <= request.began < until)
        return sorted(found, key=lambda request: request.began)

    def _work(self) -> None:
        connection = HTTPConnection(self._host, timeout=_TIMEOUT)
        for ticket in self._tickets:
            if self._stop.wait(max(0.0, self._began + ticket / self._rate - time.monotonic())):
                break
            post = str(ticket) if ticket % _POST_EVERY == 0 else ""
            self._requests.append(self._send(connection, post))
        connection.close()

    def _send(self, connection: HTTPConnection, post: str) -> Request:
        began = time.monotonic()
        status, attempt, server, error = 0, 0, "", ""
        try:
            if post:
                connection.request("POST", "/echo", body=b"x", headers={POST_ID: f"<{post}>"})
            else:
                connection.request("GET", self._path)
            answer = connection.getresponse()
            status, server = answer.status, answer.headers["X-Served-By"] or ""
            attempt = int(answer.headers["X-Ring-Attempt"] or 0)
            body = answer.read()
            if status != HTTPStatus.OK:
                error = body[:200].decode(errors="replace")
        except (OSError, HTTPException) as failure:
            error = f"{type(failure).__name__}: {failure}"
            connection.close()
        return Request(
            post=post,
            began=began,
            ended=time.monotonic(),
            status=status,
            attempt=attempt,
            server=server,
            error=error,
        )
