"""The keeper's socket. A connection is one call: a JSON line comes in, JSON lines go out, and that is all."""

from __future__ import annotations

import json
import logging
import socket
import socketserver
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

from balancer.core.errors import EngineUnavailable, InvalidRequest, RingmasterError
from keeper import call
from keeper.verbs import Verbs

_LONGEST_CALL = 2 << 20
"""Bytes. The longest call saves a fleet."""
_READ_TIMEOUT = 5.0
"""Seconds until a call has to be whole."""
_WRITE_TIMEOUT = 10.0
"""Seconds that a caller may take to read what it is told."""

_log = logging.getLogger("keeper")


class KeeperServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """`path`: of the socket, for this user and group alone. `most_calls`: at once; others are refused."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, path: Path, verbs: Verbs, *, most_calls: int) -> None:
        self.verbs = verbs
        self._places = threading.BoundedSemaphore(most_calls)
        path.unlink(missing_ok=True)
        super().__init__(str(path), _Connection)
        path.chmod(0o660)

    def process_request(self, request: object, client_address: object) -> None:
        if not self._places.acquire(blocking=False):
            raise InvalidRequest("too many calls at once")
        try:
            super().process_request(request, client_address)  # type: ignore[arg-type]
        except BaseException:
            self._places.release()
            raise

    def process_request_thread(self, request: object, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        _log.error("a call failed", exc_info=True)


class _Connection(socketserver.BaseRequestHandler):
    server: KeeperServer
    request: socket.socket

    def handle(self) -> None:
        verb = ""
        try:
            document = call.parse(self._line())
            verb = str(document.get("verb"))[:32]
            self._tell(accepted=True)  # It fails where the caller has gone: then nothing begins.
            with closing(self.server.verbs.results(document)) as results:
                for result in results:
                    self._tell(result=result)
            self._tell(end=True)
        except RingmasterError as error:
            if not isinstance(error, EngineUnavailable):
                _log.warning("refused", extra={"verb": verb, "reason": str(error)})
            with suppress(OSError):
                self._tell(error=type(error).__name__, text=str(error))
        except OSError:
            _log.debug("the caller has gone", extra={"verb": verb})

    def _line(self) -> bytes:
        """The call. Raises InvalidRequest for one that is too long, or not whole in time."""
        deadline, line = time.monotonic() + _READ_TIMEOUT, bytearray()
        while not line.endswith(b"\n"):
            part = b""
            if (left := deadline - time.monotonic()) > 0:
                self.request.settimeout(left)
                with suppress(TimeoutError):
                    part = self.request.recv(65536)
            if not part or len(line) + len(part) > _LONGEST_CALL:
                rule = f"one line of at most {_LONGEST_CALL} bytes, whole within {_READ_TIMEOUT:g} s"
                raise InvalidRequest(f"a call is {rule}")
            line += part
        return bytes(line)

    def _tell(self, **line: object) -> None:
        self.request.settimeout(_WRITE_TIMEOUT)
        self.request.sendall(json.dumps(line).encode() + b"\n")
