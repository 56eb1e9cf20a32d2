"""The history of the servers' load: readings of their counters, and the figures that follow from them. It has no clock.

A server is known by its hostname: a roll gives it another instance, and its totals go on.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from balancer.core.growth import NONE, Growth, growth
from balancer.core.routes import hostname
from balancer.core.server_load import LoadReport, ServerCounters, ServerLoad

KEPT = 120
"""Readings that are kept. They are 5 s apart, so they are ten minutes."""
ENOUGH = 100
"""Requests that an imbalance is measured over at least."""


@dataclass(frozen=True, slots=True)
class ServerReading:
    """`total`: since the first reading of all. `requests_per_second`, `errors_per_second`: since the reading before;
    None in the first one."""

    total: Growth
    requests_per_second: float | None
    errors_per_second: float | None
    in_flight: int
    response_time: float


@dataclass(frozen=True, slots=True)
class Reading:
    """`time`: seconds since 1970. `ring`: another one after each change of the ring. `servers`: hostname → reading."""

    time: float
    ring: Hashable
    servers: Mapping[str, ServerReading]


@dataclass(frozen=True, slots=True)
class Missing:
    """A reading that could not be taken at `time`: the data plane was away."""

    time: float


@dataclass(frozen=True, slots=True)
class LoadHistory:
    """`readings`: of the last ten minutes, the oldest first. `latest`: the latest one that was taken, however long ago.
    `at`: its time, by a clock that never goes back. `counters`: instance → counters, as they were read then."""

    readings: tuple[Reading | Missing, ...] = ()
    latest: Reading | None = None
    at: float = 0.0
    counters: Mapping[str, ServerCounters] = field(default_factory=dict)

    def missing(self, time: float) -> LoadHistory:
        """The history after a reading that could not be taken."""
        return replace(self, readings=self._with(Missing(time)))

    def read(
        self, counters: Mapping[str, ServerCounters], *, at: float, time: float, ring: Hashable, living: Iterable[str]
    ) -> LoadHistory:
        """The history after one more reading. `living`: the hostnames of the fleet; their totals are kept even where
        the plane does not know them."""
        latest = self.latest
        before = latest.servers if latest else {}
        grown = growth(self.counters, counters) if latest else dict.fromkeys(counters, NONE)
        seconds = at - self.at if latest else 0.0
        instances: dict[str, list[str]] = {name: [] for name in living if name in before}
        for instance in counters:
            instances.setdefault(hostname(instance), []).append(instance)
        servers = {
            name: _reading(
                before[name].total if name in before else NONE,
                [counters[instance] for instance in own],
                [grown[instance] for instance in own],
                seconds,
            )
            for name, own in instances.items()
        }
        reading = Reading(time, ring, servers)
        return LoadHistory(self._with(reading), reading, at, counters)

    def report(self, expected: Mapping[str, float]) -> LoadReport:
        """The load now. `expected`: hostname → expected share, for every server of the report."""
        latest = self.latest
        if latest is None:
            return LoadReport(0.0, 0.0, tuple(_load(name, None, None, share) for name, share in expected.items()), None)
        base = self._base(latest)
        got = {name: _since(base, name, reading.total) for name, reading in latest.servers.items()}
        whole = sum(got.values())
        measured = {name: got.get(name, 0) / whole if whole else None for name in expected}
        return LoadReport(
            time=latest.time,
            since=base.time,
            servers=tuple(
                _load(name, latest.servers.get(name), measured[name], share) for name, share in expected.items()
            ),
            imbalance=imbalance(measured, expected) if whole >= ENOUGH else None,
        )

    def _base(self, latest: Reading) -> Reading:
        """The oldest reading under the present ring."""
        base = latest
        for reading in reversed(self.readings):
            if isinstance(reading, Missing):
                continue
            if reading.ring != latest.ring:
                break
            base = reading
        return base

    def _with(self, reading: Reading | Missing) -> tuple[Reading | Missing, ...]:
        return (*self.readings[1 - KEPT :], reading)


def imbalance(measured: Mapping[str, float | None], expected: Mapping[str, float]) -> float | None:
    """The largest ratio of a measured share to its expectation."""
    return max(((measured[name] or 0.0) / share for name, share in expected.items() if share), default=None)


def _reading(before: Growth, counters: list[ServerCounters], grown: list[Growth], seconds: float) -> ServerReading:
    """The reading of one server from those of its instances, of which it has two during a roll."""
    more = NONE
    for one in grown:
        more = more.plus(one)
    return ServerReading(
        total=before.plus(more),
        requests_per_second=more.requests / seconds if seconds > 0 else None,
        errors_per_second=more.errors / seconds if seconds > 0 else None,
        in_flight=sum(one.in_flight for one in counters),
        response_time=_response_time(counters, grown),
    )


def _response_time(counters: list[ServerCounters], grown: list[Growth]) -> float:
    """The mean over the instances, weighted by what they answered lately. Where none answered, the longest one."""
    answered = sum(one.requests for one in grown)
    if not answered:
        return max((one.response_time for one in counters), default=0.0)
    times = (one.response_time * more.requests for one, more in zip(counters, grown, strict=True))
    return sum(times) / answered


def _since(base: Reading, name: str, total: Growth) -> int:
    known = base.servers.get(name)
    return total.requests - (known.total.requests if known else 0)


def _load(name: str, reading: ServerReading | None, share: float | None, expected: float) -> ServerLoad:
    if reading is None:
        return ServerLoad(name, 0.0, 0.0, 0, 0.0, 0, 0, share, expected)
    return ServerLoad(
        hostname=name,
        requests_per_second=reading.requests_per_second or 0.0,
        errors_per_second=reading.errors_per_second or 0.0,
        in_flight=reading.in_flight,
        response_time=reading.response_time,
        requests=reading.total.requests,
        errors=reading.total.errors,
        share=share,
        expected=expected,
    )
