"""Spans of events, for an OpenTelemetry collector. Imported only where one is set, for its libraries are large."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags, set_span_in_context
from opentelemetry.util.types import AttributeValue

from balancer.core.event import WARNINGS, Event
from balancer.core.traceparent import is_valid, parent_id, trace_id

_log = logging.getLogger(__name__)

PATH = "/v1/traces"
"""Where a collector takes spans, below its endpoint."""
_TIMEOUT = 3.0
"""Seconds that one delivery may take, with its repetitions."""
_KEPT = 2048
"""Spans that wait for their delivery. Where one more comes, the oldest is lost."""
STOP_WITHIN = 4.0
"""Seconds that `stop` waits for the last delivery."""
_ERROR = 400
"""A change with this status or a higher one failed."""


class Spans:
    """A listener of the event log: every event that took some time becomes a span, with the event's facts. `endpoint`:
    the collector's URL. `pause`: milliseconds between two deliveries.

    `start` starts a thread, `stop` ends it. Before and after that, events are passed over. A collector that is away
    costs spans, and one line of the log each time that it goes and comes."""

    def __init__(self, endpoint: str, deployment: str, *, pause: float = 5000) -> None:
        self._endpoint = endpoint.rstrip("/") + PATH
        self._deployment = deployment
        self._pause = pause
        self._provider: TracerProvider | None = None

    def start(self) -> None:
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # it would log every delivery that fails
        provider = TracerProvider(
            sampler=ALWAYS_ON,  # by default a caller that samples nothing would have its change left out
            resource=Resource.create({"service.name": "ringmaster", "ringmaster.deployment": self._deployment}),
            shutdown_on_exit=False,
        )
        exporter = _Noted(OTLPSpanExporter(endpoint=self._endpoint, timeout=_TIMEOUT), self._endpoint)
        provider.add_span_processor(BatchSpanProcessor(exporter, _KEPT, self._pause, min(512, _KEPT)))
        self._provider = provider

    def stop(self) -> None:
        """Delivers what is left, for a bounded time."""
        provider, self._provider = self._provider, None
        if provider:
            last = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
            last.start()
            last.join(STOP_WITHIN)

    def __call__(self, event: Event) -> None:
        provider = self._provider
        if provider is None or event.seconds is None:
            return
        span = provider.get_tracer("ringmaster").start_span(
            event.kind,
            context=_parent(event.facts.get("traceparent")),
            attributes=_attributes(event),
            start_time=_nanoseconds(event.time) - _nanoseconds(event.seconds),
        )
        if event.kind in WARNINGS or event.facts.get("status", 0) >= _ERROR:
            span.set_status(Status(StatusCode.ERROR, event.reason))
        span.end(_nanoseconds(event.time))


class _Noted(SpanExporter):
    """Logs when deliveries begin to fail, and when they work again."""

    def __init__(self, exporter: SpanExporter, endpoint: str) -> None:
        self._exporter = exporter
        self._endpoint = endpoint
        self._fails = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        fails = result is not SpanExportResult.SUCCESS
        if fails is not self._fails:
            self._fails = fails
            level, what = (logging.WARNING, "no span") if fails else (logging.INFO, "spans again")
            _log.log(level, "the collector gets %s", what, extra={"endpoint": self._endpoint})
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def _parent(traceparent: object) -> Context | None:
    """The context of the request that asked for the change; None where it is not known."""
    if not isinstance(traceparent, str) or not is_valid(traceparent):
        return None
    ids = (int(trace_id(traceparent), 16), int(parent_id(traceparent), 16))
    caller = SpanContext(*ids, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(caller), Context())


def _attributes(event: Event) -> Mapping[str, AttributeValue]:
    """Without empty ones. A fact that is no text, number or truth is JSON text."""
    told: dict[str, Any] = {"server": event.server, "node": event.node, "reason": event.reason, **event.facts}
    return {
        f"ringmaster.{name}": value if isinstance(value, str | int | float) else json.dumps(value)
        for name, value in told.items()
        if value not in ("", None)
    }


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1_000_000_000)
