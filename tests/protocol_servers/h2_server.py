"""An HTTP/2 server without TLS for tests, on port 5000. It imports nothing of the project: it runs inside a container.

REQUESTS, if given: a connection gets so many answers, and then a GOAWAY.

| path | answer |
|---|---|
| /close | none: the connection is closed |
| /reset | none: RST_STREAM |
| /early | none: the connection is closed before the body has come |
| /closed | how many requests of these three it has had |
| any other | its name, the pseudo-headers and headers and the length of the body, as JSON; and the trailer x-end |
"""

import json
import os
import socket
import threading

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

NAME = os.environ.get("SERVER_ID", "")
REQUESTS = int(os.environ.get("REQUESTS", "0"))
BROKEN: list[str] = []


class Connection:
    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._headers: dict[int, list[tuple[str, str]]] = {}
        self._length: dict[int, int] = {}
        self._answered = 0

    def serve(self) -> None:
        with self._peer:
            self._h2.initiate_connection()
            self._peer.sendall(self._h2.data_to_send())
            try:
                while part := self._peer.recv(65536):
                    for event in self._h2.receive_data(part):
                        self._on(event)
                    self._peer.sendall(self._h2.data_to_send())
            except (OSError, ProtocolError):
                return

    def _on(self, event: object) -> None:
        if isinstance(event, RequestReceived):
            self._headers[event.stream_id], self._length[event.stream_id] = list(event.headers), 0
            if (":path", "/early") in event.headers:
                BROKEN.append("/early")
                raise ConnectionAbortedError
        elif isinstance(event, DataReceived):
            self._length[event.stream_id] += len(event.data)
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            self._answer(event.stream_id)

    def _answer(self, stream: int) -> None:
        path = dict(self._headers[stream])[":path"]
        if path == "/close":
            BROKEN.append(path)
            raise ConnectionAbortedError
        if path == "/reset":
            BROKEN.append(path)
            self._h2.reset_stream(stream, 2)
            return
        told = {"server": NAME, "headers": self._headers.pop(stream), "length": self._length.pop(stream)}
        body = str(len(BROKEN)).encode() if path == "/closed" else json.dumps(told).encode()
        self._h2.send_headers(stream, [(":status", "200"), ("content-type", "application/json")])
        self._h2.send_data(stream, body)
        self._h2.send_headers(stream, [("x-end", "yes")], end_stream=True)
        self._answered += 1
        if self._answered == REQUESTS:
            self._h2.close_connection(last_stream_id=stream)
            self._peer.sendall(self._h2.data_to_send())
            raise ConnectionAbortedError


def main() -> None:
    listener = socket.create_server(("0.0.0.0", 5000), backlog=128)  # noqa: S104 (a container of its own)
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=Connection(peer).serve, daemon=True).start()


if __name__ == "__main__":
    main()
