"""A stranger's application, for tests: an HTTP server that has nothing in common with the sample server.

It imports nothing of the project, because it runs inside a container. Environment variables say how it behaves:

| variable | default | meaning |
|---|---|---|
| PORT | 8080 | where it listens |
| BIND | (all) | the address where it listens, such as 127.0.0.1 |
| HEALTH | /healthz | its heartbeat's path |
| HEALTH_STATUS | 200 | what it answers there |
| HEALTH_SECONDS | 0 | how long that answer takes |
| HEALTH_LOCATION | (none) | the Location of that answer, for a 301 |
| HOST | (any) | every other Host is answered 400 |
| THREADS | many | "one": it handles one connection at a time |
| PROTOCOL | HTTP/1.1 | HTTP/1.0: it closes after each answer |
| START_SECONDS | 0 | how long it waits before it listens |
| VERSION | (empty) | a part of the answer to every other path |
| LAST_WORDS | (empty) | what it prints when /exit ends it |

| path | answer |
|---|---|
| /slow?seconds=S | its name after S seconds |
| /exit | none: the process ends |
| /close?server=S | none: the connection is closed; S, if given, is the only server that does so |
| /closed | how many requests of /close it has had |
| /deadlock | never; with THREADS=one nothing else is answered from then on |
| /deadlock?answer=yes | its name, and then the same |
| /silent?seconds=S | an event stream that begins at once and says nothing for S seconds |
| /upload?seconds=S | the length of the body, which is read after S seconds |
| /headers | the request line and the headers, as JSON |
| any other | its name: SERVER_ID and VERSION |
"""

import json
import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SETTING = os.environ.get
CLOSED: list[str] = []
"""The methods of the requests whose connection was closed without an answer."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = SETTING("PROTOCOL", "HTTP/1.1")

    def answer(self) -> None:
        url = urlsplit(self.path)
        seconds = float(parse_qs(url.query).get("seconds", ["0"])[0])
        if SETTING("HOST") and self.headers.get("Host") != SETTING("HOST"):
            self.send(400, b"unknown Host")
        elif url.path == SETTING("HEALTH", "/healthz"):
            time.sleep(float(SETTING("HEALTH_SECONDS", "0")))
            self.send(int(SETTING("HEALTH_STATUS", "200")), b"", Location=SETTING("HEALTH_LOCATION", ""))
        elif url.path == "/upload":
            time.sleep(seconds)
            self.send(200, b"%d" % len(self.body()))
        elif url.path == "/headers":
            self.body()
            told = {"line": self.requestline, "headers": [list(pair) for pair in self.headers.items()]}
            self.send(200, json.dumps(told).encode())
        elif url.path == "/slow":
            self.body()
            time.sleep(seconds)
            self.send(200, self.name())
        elif url.path in ("/exit", "/close", "/deadlock", "/silent"):
            self.misbehave(url.path, server=parse_qs(url.query).get("server", [""])[0], seconds=seconds)
        elif url.path == "/closed":
            self.send(200, b"%d" % len(CLOSED))
        else:
            self.body()
            self.send(200, self.name())

    def misbehave(self, path: str, *, server: str, seconds: float) -> None:
        if path == "/exit":
            sys.stdout.write(SETTING("LAST_WORDS", ""))
            sys.stdout.flush()
            os._exit(1)
        elif path == "/close":
            self.body()
            if server in ("", SETTING("SERVER_ID")):
                CLOSED.append(self.command)
                self.close_connection = True
            else:
                self.send(200, self.name())
        elif path == "/deadlock":
            self.deadlock(answers="answer" in self.path)
        else:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            time.sleep(seconds)
            self.wfile.write(b"data: end\n\n")

    def deadlock(self, *, answers: bool) -> None:
        self.body()
        if answers:
            self.send(200, self.name())
            with suppress(OSError):  # the other side may have closed the connection already
                self.connection.shutdown(socket.SHUT_RDWR)
        while True:
            time.sleep(3600)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Every method has the same answer."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def name(self) -> bytes:
        return (SETTING("SERVER_ID", "") + SETTING("VERSION", "")).encode()

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Prints nothing: a line for each request costs more than the request."""


if __name__ == "__main__":
    time.sleep(float(SETTING("START_SECONDS", "0")))
    kind = HTTPServer if SETTING("THREADS") == "one" else ThreadingHTTPServer
    kind.request_queue_size = 128
    address = SETTING("BIND", ""), int(SETTING("PORT", "8080"))
    kind(address, Handler).serve_forever()
