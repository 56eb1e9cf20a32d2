"""An OpenTelemetry collector: a real HTTP server that decodes the spans which it gets."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.fakes.web_server import Exchange, WebServer


class Collector:
    """Use it in a with statement. `status`: what it answers. `paths`: the targets of the requests."""

    def __init__(self) -> None:
        self.status = HTTPStatus.OK
        self.resources: list[Mapping[str, Any]] = []
        self.spans: list[Span] = []
        self._server = WebServer(self._answer)

    @property
    def url(self) -> str:
        return f"http://{self._server.address}"

    @property
    def paths(self) -> list[str]:
        return [request.target for request in self._server.received]

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)

    def _answer(self, exchange: Exchange) -> None:
        if self.status == HTTPStatus.OK:
            request = self._server.received[-1]
            is_packed = request.headers["Content-Encoding"] == "gzip"
            self._take(gzip.decompress(request.body) if is_packed else request.body)
        exchange.reply(self.status)

    def _take(self, body: bytes) -> None:
        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resources.append(attributes(of_resource.resource))
            for scope in of_resource.scope_spans:
                self.spans += scope.spans


def attributes(of: Any) -> dict[str, Any]:
    """The attributes of a span or a resource."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in of.attributes}
