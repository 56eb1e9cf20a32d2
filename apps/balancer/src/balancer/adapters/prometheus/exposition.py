"""The text that Prometheus scrapes, made from a registry of our own: nothing else in the process adds to it."""

from __future__ import annotations

from collections.abc import Callable
from platform import python_version

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from balancer.adapters.prometheus.kept import Kept
from balancer.adapters.prometheus.readings import StatusCollector, about
from balancer.core.status import Status
from balancer.ports.clock import Clock

_OPENMETRICS = "application/openmetrics-text; version=1.0.0"
"""What prometheus_client is told of the header: of some versions that a client may write it makes an error."""


class Exposition:
    """`kept`: the listener of events and the measure of durations. They work before `read_from` is called."""

    def __init__(self, clock: Clock) -> None:
        self._registry = CollectorRegistry()
        self._started = clock.time()
        self.kept = Kept(self._registry, clock)

    def read_from(self, status: Callable[[], Status], *, version: str, data_plane: str) -> None:
        """From now on the text also has what is read from the status. `version`: the balancer's."""
        self._registry.register(StatusCollector(status, about(version, data_plane, python_version(), self._started)))

    def text(self, accept: str) -> tuple[bytes, str]:
        """The text and its content type, for a request with this header `Accept`."""
        encode, content_type = choose_encoder(_OPENMETRICS if _OPENMETRICS.partition(";")[0] in accept else "")
        return encode(self._registry), content_type
