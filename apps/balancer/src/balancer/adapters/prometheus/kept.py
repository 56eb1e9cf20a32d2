"""The metrics that are counted and measured since the balancer's start."""

from __future__ import annotations

from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from balancer.adapters.prometheus import families
from balancer.adapters.prometheus.event_counts import additions
from balancer.adapters.prometheus.family import Type
from balancer.core.event import Event
from balancer.ports.clock import Clock
from balancer.ports.durations import Work

Metric = TypeVar("Metric", Counter, Histogram)
Series = tuple[str, tuple[str, ...]]
"""The name of a family, and the values of its labels."""

_DURATIONS = {Work.RECONCILE: families.RECONCILE_DURATION, Work.SAVE: families.SAVE_DURATION}


class Kept:
    """A Durations and, by `heard`, a listener of events. Any thread may call it. `registry` gets the metrics."""

    def __init__(self, registry: CollectorRegistry, clock: Clock) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._clock = clock
        self._counters: dict[Series, Counter] = {}
        self._histograms: dict[Series, Histogram] = {}
        for family in families.KEPT:
            labels = tuple(family.labels)
            if family.type is Type.COUNTER:
                counter = Counter(family.name, family.text, labels, registry=registry)
                self._counters |= {(family.name, values): _one(counter, values) for values in family.series}
            elif family.type is Type.HISTOGRAM:
                histogram = Histogram(family.name, family.text, labels, registry=registry, buckets=family.buckets)
                self._histograms |= {(family.name, values): _one(histogram, values) for values in family.series}
        self._last_save = Gauge(families.LAST_SAVE.name, families.LAST_SAVE.text, registry=registry)

    def heard(self, event: Event) -> None:
        """Counts what the event says."""
        for addition in additions(event):
            series = addition.family.name, addition.labels
            if addition.seconds is None:
                self._counters[series].inc()
            else:
                self._histograms[series].observe(addition.seconds)

    def took(self, work: Work, seconds: float) -> None:
        self._histograms[_DURATIONS[work].name, ()].observe(seconds)
        if work is Work.SAVE:
            self._last_save.set(self._clock.time())


def _one(metric: Metric, values: tuple[str, ...]) -> Metric:
    """The series of the metric with these values of its labels. From now on it is shown, at first as 0."""
    return metric.labels(*values) if values else metric
