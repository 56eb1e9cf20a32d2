"""The client of the control port: questions, changes and the stream of events. Every failure is one of errors.py."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import requests

from ringmaster.errors import Away, Misconfigured, Refused, Unauthorized, Unknown, Unreachable
from ringmaster.place import Place
from ringmaster.unix_socket import UnixAdapter

_CONNECT = 5.0
_QUESTION = 20.0
_CHANGE = 900.0
"""Seconds for an answer. A change waits for others, for servers to start and for servers to drain."""
_SILENCE = 35.0
"""Seconds without a byte after which a stream of events counts as broken. The balancer sends a sign every 10 s."""

_HOW_TO_LOG_IN = (
    "set RINGMASTER_TOKEN, or name a file that holds the token: --token-file FILE, or token_file in "
    "~/.config/ringmaster/config.toml"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """`text`: the body as it came. `document`: the same as JSON. `date`: the header Date, empty where there is none."""

    status: int
    text: str
    document: Any
    date: str = ""


class Client:
    def __init__(self, place: Place) -> None:
        self.place = place
        self._session = session = requests.Session()
        session.trust_env = False  # a .netrc would replace the token, and a proxy has no business here
        session.headers["Accept"] = "application/json"
        session.headers["User-Agent"] = "ringmaster"
        if place.token:
            session.headers["Authorization"] = f"Bearer {place.token}"
        if place.ca:
            session.verify = place.ca
        if place.socket:
            session.headers["X-Ringmaster-Client"] = "127.0.0.1"
            session.mount("http://", UnixAdapter(place.socket))

    def get(self, path: str, *, also: Collection[int] = (), timeout: float = _QUESTION, **query: Any) -> Answer:
        """The answer to a question, asked a second time where the first got no answer at all. `also`: statuses other
        than 200 that are an answer, too."""
        given = {name: value for name, value in query.items() if value is not None}
        try:
            response = self._send("GET", path, timeout=timeout, params=given)
        except Unreachable:
            response = self._send("GET", path, timeout=timeout, params=given)
        return _answer(path, response, also)

    def find(self, path: str, **query: Any) -> Answer | None:
        """The answer to a question that an older balancer does not know; None there."""
        try:
            return self.get(path, **query)
        except Unknown:
            return None

    def ask(self, path: str, document: object) -> Answer:
        """The answer to a question that has a body."""
        return _answer(path, self._send("POST", path, timeout=_QUESTION, json=document))

    def change(self, method: str, path: str, document: object = None) -> Answer:
        """The answer to a change. It is sent once, whatever happens."""
        return _answer(path, self._send(method, path, timeout=_CHANGE, json=document))

    def lines(self, path: str, *, last: str = "", **query: Any) -> Iterator[str]:
        """The lines of a stream of events, until it ends. `last`: the id of the last event that the user has."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
        given = {name: value for name, value in query.items() if value is not None}
        with self._send("GET", path, timeout=_SILENCE, params=given, headers=headers, stream=True) as response:
            if response.status_code != HTTPStatus.OK:
                _answer(path, response)
            try:
                for line in response.iter_lines(chunk_size=1):
                    yield line.decode(errors="replace")
            except requests.RequestException:
                return

    def _send(self, method: str, path: str, *, timeout: float, **options: Any) -> requests.Response:
        place = self.place
        where = place.socket or place.url
        try:
            return self._session.request(
                method, place.url + path, timeout=(_CONNECT, timeout), allow_redirects=False, **options
            )
        except requests.exceptions.SSLError as error:
            advice = f"{where}: the certificate is not trusted ({_cause(error)}); name who signed it: --ca FILE"
            raise Unreachable(advice) from None
        except (requests.exceptions.InvalidJSONError, UnicodeError):
            raise Misconfigured("that cannot be sent: it holds a NaN, an infinity or a text that is no UTF-8") from None
        except requests.exceptions.ReadTimeout:
            raise Away(
                f"{where} did not answer {path} within {timeout:g} s; ringmaster status shows what came of it"
            ) from None
        except requests.RequestException as error:
            advice = "is it up? make status; another address: --url or RINGMASTER_URL"
            raise Unreachable(f"nobody answers at {where} ({_cause(error)}); {advice}") from None


def _answer(path: str, response: requests.Response, also: Collection[int] = ()) -> Answer:
    status = response.status_code
    document = _json(response)
    if status in also and document is not None and document.get("status") != "failure":
        return Answer(status, response.text, document, response.headers.get("Date", ""))
    if status >= HTTPStatus.BAD_REQUEST:
        raise _failure(path, response, document)
    if document is None:
        to = response.headers.get("Location")
        what = f"sends to {to}: give that as the URL" if to else "is no control port: its answer is no JSON"
        raise Refused(f"{response.url} {what}")
    return Answer(status, response.text, document, response.headers.get("Date", ""))


def _failure(path: str, response: requests.Response, document: Mapping[str, Any] | None) -> Exception:
    status = response.status_code
    message = str((document or {}).get("message", "")).removeprefix("<Error> ") or f"{response.url} answers {status}"
    if status == HTTPStatus.NOT_FOUND and message.endswith("does not exist here"):
        return Unknown(f"this balancer has no {path}: it is older than this command; make up brings it up to date")
    if status == HTTPStatus.UNAUTHORIZED:
        return Unauthorized(f"{message}; {_HOW_TO_LOG_IN}")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Away(f"{message} ({status})")
    return Refused(f"{message} ({status})")


def _json(response: requests.Response) -> dict[str, Any] | None:
    try:
        document = response.json()
    except (ValueError, requests.RequestException):
        return None
    return document if isinstance(document, dict) else None


def _cause(error: BaseException) -> str:
    """The innermost reason of an error, without the layers around it."""
    seen: BaseException = error
    while (inner := getattr(seen, "reason", None) or seen.__cause__ or seen.__context__) and inner is not seen:
        if not isinstance(inner, BaseException):
            break
        seen = inner
    return (seen.args[-1] if isinstance(seen, OSError) and seen.args else str(seen)) or type(seen).__name__
