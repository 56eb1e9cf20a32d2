"""An application behind gunicorn's own reader and writer of HTTP, in this process: a thread for each connection."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING

from gunicorn.config import Config
from gunicorn.http import RequestParser, wsgi

from balancer.worker import Worker, head_limits, refuse_ambiguous
from tests.serving import Serving

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_CONFIG = Config()
for _name, _limit in head_limits(8192).items():
    _CONFIG.set(_name, _limit)


class GunicornFront(Serving):
    """Use it in a with statement. gunicorn as a whole wants a process of its own, out of a test's reach."""

    def __init__(self, application: WSGIApplication) -> None:
        class Connection(BaseRequestHandler):
            def handle(self) -> None:
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with suppress(ConnectionError):
                    try:
                        for _ in answers(application, self.request, self.client_address):
                            """Until the connection's end."""
                    except Exception as error:  # as gunicorn's worker does it
                        Worker.handle_error(Worker.__new__(Worker), None, self.request, self.client_address, error)

        self._server = _Server(("127.0.0.1", 0), Connection)
        super().__init__(self._server)

    @property
    def address(self) -> str:
        """As "ip:port"."""
        return f"127.0.0.1:{self._server.server_address[1]}"


class _Server(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


def answers(application: WSGIApplication, connection: socket.socket, client: tuple[str, int]) -> Iterator[None]:
    """Every step reads the connection's next request and writes its answer."""
    for request in RequestParser(_CONFIG, connection, client):
        refuse_ambiguous(request)
        response, environ = wsgi.create(request, connection, client, ("127.0.0.1", 5000), _CONFIG)
        with closing(application(environ, response.start_response)) as parts:
            for part in parts:
                response.write(part)
            response.close()
        yield
        if response.should_close():
            return
