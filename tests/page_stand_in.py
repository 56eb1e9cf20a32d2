"""A balancer for the page: it serves the page's files as the real one does, and answers with the documents of a test.

`python -m tests.page_stand_in 8080` serves it to look at.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from balancer.http import page
from tests.page_documents import Documents
from tests.serving import Serving

_NOT_LET_IN = "this needs the deployment's token: Authorization: Bearer …"
_LOOK = 0.05
_PATIENCE = 30.0


class PageStandIn(Serving):
    """`token`: empty where none is wanted. `role`: that of its holder. `is_away`: the edge answers for the balancer.
    `calls`: the changes that came, as (method, path, body); `answers`: (method, path) → status and document, where a
    change is not to be answered with 200. `asked`: the paths of all requests. `held`: (method, path) → what such
    requests wait for before they are answered, in the order of their coming."""

    def __init__(self, documents: Documents | None = None, *, token: str = "", role: str = "change") -> None:
        self.documents = documents or Documents()
        self.token = token
        self.role = role
        self.codes: dict[str, str] = {}
        self.is_away = False
        self.has_streams = True
        self.calls: list[tuple[str, str, Any]] = []
        self.asked: list[str] = []
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}
        self.held: dict[tuple[str, str], list[threading.Event]] = {}
        server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{server.server_port}"
        super().__init__(server)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        """Status and document. Without a token everything but the page and a new session is refused."""
        known = self.documents
        reading: dict[str, Callable[[], Any]] = {
            "/whoami": self._who,
            "/healthz": known.health,
            "/ring": known.ring,
            "/ring/slots": known.table,
            "/ring/points": known.points,
            "/ring/lookup": lambda: known.lookup(query["key"][0]),
            "/load": lambda: known.load(with_history="history" in query),
            "/traffic": lambda: {"counted": 1234, "heavy": [{"key": "9f3a2b11", "slot": 17, "share": 0.12}]},
            "/deploy": known.deployed,
            "/edges": lambda: {"edges": known.edges},
            "/events": lambda: self._events(query),
        }
        if (method, path) in self.answers:
            self.calls.append((method, path, body))
            return self.answers[method, path]
        if method == "GET":
            return (200, reading[path]()) if path in reading else (404, failure("nothing is there"))
        if path == "/ring/preview":
            return 200, known.preview(body)
        self.calls.append((method, path, body))
        if path == "/sessions/links":
            return 201, {"code": "fresh", "expires": 60}
        if path in ("/add", "/rm"):
            return 200, {"message": {"N": 4, "replicas": [*known.hostnames, "S4"]}, "status": "successful"}
        return (202, known.deployed()) if path == "/deploy" else (200, known.ring())

    def _who(self) -> Any:
        return {"name": "alice" if self.token else "", "role": self.role, "token_wanted": bool(self.token)}

    def session(self, code: str) -> tuple[int, Any]:
        token = self.codes.pop(code, "")
        return (200, {"token": token, "role": self.role}) if token else (401, failure("the code is used or unknown"))

    def _events(self, query: dict[str, list[str]]) -> Any:
        since = int(query.get("since", ["0"])[0])
        found = [event for event in self.documents.events if event["number"] > since]
        return {"events": found, "next": found[-1]["number"] if found else since, "dropped": 0}


def failure(message: str) -> dict[str, str]:
    return {"message": f"<Error> {message}", "status": "failure"}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    """A browser opens several connections at once."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a browser goes away when it likes."""


def _handler(stand_in: PageStandIn) -> type[BaseHTTPRequestHandler]:
    files = page.files()

    class Handler(BaseHTTPRequestHandler):
        def handle_request(self) -> None:
            address = urlsplit(self.path)
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            name = "index.html" if address.path == "/" else address.path.removeprefix("/page/")
            if name in files:
                self.send(200, files[name].content, page.HEADERS | {"Content-Type": files[name].content_type})
                return
            stand_in.asked.append(address.path)
            if held := stand_in.held.get((self.command, address.path)):
                held.pop(0).wait(_PATIENCE)
            if stand_in.is_away:
                self.send_document(502, failure("the balancer is away"))
            elif address.path == "/sessions":
                self.send_document(*stand_in.session(body["code"]))
            elif stand_in.token and self.headers.get("Authorization") != f"Bearer {stand_in.token}":
                self.send_document(401, failure(_NOT_LET_IN))
            elif self.headers.get("Accept") == "text/event-stream":
                self.stream(int(parse_qs(address.query)["since"][0]))
            else:
                self.send_document(*stand_in.answer(self.command, address.path, parse_qs(address.query), body))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request  # noqa: N815

        def send_document(self, status: int, document: Any) -> None:
            self.send(status, json.dumps(document).encode(), {"Content-Type": "application/json"})

        def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def stream(self, since: int) -> None:
            if not stand_in.has_streams:
                self.send_document(503, failure("16 streams of events are open already"))
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            while not stand_in.is_away:
                for event in [event for event in stand_in.documents.events if event["number"] > since]:
                    since = event["number"]
                    self.wfile.write(f"id: {since}\nevent: {event['kind']}\ndata: {json.dumps(event)}\n\n".encode())
                self.wfile.write(b": alive\n\n")
                time.sleep(_LOOK)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    return Handler


if __name__ == "__main__":
    with PageStandIn() as stand_in:
        sys.stdout.write(f"{stand_in.url}\n")
        sys.stdout.flush()
        while True:
            time.sleep(3600)
