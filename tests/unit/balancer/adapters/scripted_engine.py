"""An engine that answers what a test has written down."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler


class ScriptedEngine(BaseHTTPRequestHandler):
    """It knows its version. What else it is asked, a test's own engine answers in `answer_call`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/version":
            self.answer(200, {"ApiVersion": "1.41"})
        else:
            self.answer_call()

    def do_POST(self) -> None:
        self.answer_call()

    def do_DELETE(self) -> None:
        self.answer_call()

    def answer_call(self) -> None:
        raise NotImplementedError

    def answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
