"""An HTTP client that sends each request over its own connection, and follows, repeats and normalises nothing. With
https it takes any certificate: what clients are shown has tests of its own."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT = 90.0
_ANY_CERTIFICATE = ssl.create_default_context()
_ANY_CERTIFICATE.check_hostname = False
_ANY_CERTIFICATE.verify_mode = ssl.CERT_NONE


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
    if address.scheme == "https":
        connection: HTTPConnection = HTTPSConnection(
            address.hostname or "", address.port, timeout=timeout, context=_ANY_CERTIFICATE
        )
    else:
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
