"""A gRPC server for tests, on port 5000. It imports nothing of the project, because it runs inside a container.

Its service is test.Echo. Messages are plain bytes, so that nothing has to be generated.

| method | kind | answer |
|---|---|---|
| Who | unary | SERVER_ID |
| Sleep | unary | SERVER_ID, after as many seconds as the request says |
| Exit | unary | none: the process ends |
| Fail | unary | INVALID_ARGUMENT with details and the trailer x-why |
| Count | unary | how many calls of Exit and Sleep have reached this server |
| Many | server stream | as many messages as the request says |
| Sum | client stream | the sum of the requests |
| Talk | both stream | each request, at once |
| Metadata | unary | the call's metadata, as JSON |
"""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc

NAME = os.environ.get("SERVER_ID", "").encode()
SERVING = b"\x08\x01"
"""The message HealthCheckResponse with the status SERVING."""
STARTED: list[str] = []


def who(_request: bytes, _context: grpc.ServicerContext) -> bytes:
    return NAME


def sleep(request: bytes, _context: grpc.ServicerContext) -> bytes:
    STARTED.append("Sleep")
    time.sleep(float(request))
    return NAME


def leave(_request: bytes, _context: grpc.ServicerContext) -> bytes:
    STARTED.append("Exit")
    os._exit(3)


def fail(_request: bytes, context: grpc.ServicerContext) -> bytes:
    context.set_trailing_metadata((("x-why", "because"),))
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, "not like this")
    return b""


def count(_request: bytes, _context: grpc.ServicerContext) -> bytes:
    return str(len(STARTED)).encode()


def many(request: bytes, _context: grpc.ServicerContext) -> Iterator[bytes]:
    for number in range(int(request)):
        yield str(number).encode()


def total(requests: Iterator[bytes], _context: grpc.ServicerContext) -> bytes:
    return str(sum(map(int, requests))).encode()


def talk(requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
    yield from requests


def metadata(_request: bytes, context: grpc.ServicerContext) -> bytes:
    told = {pair.key: pair.value for pair in context.invocation_metadata() if isinstance(pair.value, str)}
    return json.dumps(told).encode()


def well(_request: bytes, _context: grpc.ServicerContext) -> bytes:
    return SERVING


def main() -> None:
    unary = grpc.unary_unary_rpc_method_handler
    echo = {
        **{name: unary(function) for name, function in (("Who", who), ("Sleep", sleep), ("Exit", leave))},
        **{name: unary(function) for name, function in (("Fail", fail), ("Count", count), ("Metadata", metadata))},
        "Many": grpc.unary_stream_rpc_method_handler(many),
        "Sum": grpc.stream_unary_rpc_method_handler(total),
        "Talk": grpc.stream_stream_rpc_method_handler(talk),
    }
    server = grpc.server(ThreadPoolExecutor(64))
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler("test.Echo", echo),
            grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": unary(well)}),
        )
    )
    server.add_insecure_port("0.0.0.0:5000")
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    server.start()
    ended.wait()
    server.stop(grace=10).wait()


if __name__ == "__main__":
    main()
