"""A real HTTP server on loopback: the control port of a balancer in memory, with answers of its own for some paths."""

from __future__ import annotations

import io
import json
import ssl
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from balancer.http.event_stream import STOPPING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OwnAnswers = dict[tuple[str, str], tuple[int, Any] | list[tuple[int, Any]]]
"""(method, path) → (status, document), or several of them: one after another, and the last for ever."""


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass
class ControlPort:
    """`own`: answers instead of the balancer's. `asked`: every request so far. `tls`: None for HTTP."""

    app: Flask
    own: OwnAnswers = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    def __enter__(self) -> Self:
        self._is_ending = threading.Event()
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet, ssl_context=self.tls
        )
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_ending.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._server.server_port}"

    def changes(self) -> list[tuple[str, str, Any]]:
        """Method, path and document of every request that was no GET."""
        return [(one.method, one.path, one.document if one.body else None) for one in self.asked if one.method != "GET"]

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["gunicorn.socket"] = environ["werkzeug.socket"]
        environ[STOPPING] = self._is_ending.is_set
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.asked.append(_asked(environ))
        own = self.own.get((method, path))
        if own is None:
            return self.app(environ, start_response)
        status, document = (own.pop(0) if len(own) > 1 else own[0]) if isinstance(own, list) else own
        text = document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(text.encode())))]
        start_response(f"{status} Answer", headers)
        return [text.encode()]


def _asked(environ: WSGIEnvironment) -> Asked:
    size = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(size)
    environ["wsgi.input"] = io.BytesIO(body)
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    return Asked(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""), headers, body)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 (werkzeug's name)
        pass
