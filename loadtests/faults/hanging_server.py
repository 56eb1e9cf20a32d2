"""A server that hangs on command, for measuring how fast that is found: a signal to its container says how."""

import os
import signal
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType

MUTE, ILL, SLOW = signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP
"""It takes requests and answers none; it answers heartbeats with 500; it answers them after SECONDS."""
SECONDS = 2.0

_mood = 0


def become(mood: int, _: FrameType | None) -> None:
    global _mood  # noqa: PLW0603 (a signal handler has no other way)
    _mood = mood


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_heartbeat = self.path == "/heartbeat"
        if _mood == MUTE:
            time.sleep(3600)
        elif _mood == SLOW and is_heartbeat:
            time.sleep(SECONDS)
        body = os.environ["SERVER_ID"].encode()
        self.send_response(500 if _mood == ILL and is_heartbeat else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing: a line for each request costs more than the request."""


if __name__ == "__main__":
    for sign in (MUTE, ILL, SLOW):
        signal.signal(sign, become)
    ThreadingHTTPServer.request_queue_size = 128
    ThreadingHTTPServer(("", 5000), Handler).serve_forever()
