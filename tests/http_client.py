"""An HTTP client that sends each request over its own connection, and follows, repeats and normalises nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPMessage
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT = 90.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    def __str__(self) -> str:
        return f"{self.status} {self.body[:500]!r}"


def ask(
    method: str,
    base: str,
    path: str,
    *,
    body: bytes | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = _TIMEOUT,
) -> Answer:
    """Sends one request and returns the answer. `path` is sent as it is. A body that is not bytes is sent in chunks,
    one for each of its parts.

    Raises OSError where no answer comes, or only a part of one.
    """
    address = urlsplit(base)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=timeout)
    try:
        connection.request(
            method,
            path,
            body=body,
            headers=dict(headers or {}),
            encode_chunked=not (body is None or isinstance(body, bytes)),
        )
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    except HTTPException as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
