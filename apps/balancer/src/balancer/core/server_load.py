"""The load of each server: what the data plane counted, and the figures that follow from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerCounters:
    """What the data plane counted of one server since it got the server. `in_flight`: requests now, waiting ones
    included. `requests`: all that it answered so far. `errors`: those of them with 5xx. `response_time`: seconds to the
    head of a response, as the mean of recent ones; 0 where there were none."""

    in_flight: int = 0
    requests: int = 0
    errors: int = 0
    response_time: float = 0.0


@dataclass(frozen=True, slots=True)
class ServerLoad:
    """The load of the server `hostname` now: rates of the latest interval. `requests` and `errors` are totals since the
    balancer's start and never fall while the server keeps its name. `share`: the measured part of all requests since
    `LoadReport.since`; None where there were none. `expected`: the part that the ring predicts. `node`: its
    Swarm node, empty where that is not known."""

    hostname: str
    requests_per_second: float
    errors_per_second: float
    in_flight: int
    response_time: float
    requests: int
    errors: int
    share: float | None
    expected: float
    node: str = ""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """`time`: seconds since 1970 of the latest reading, 0 where there is none. `since`: seconds since 1970 from which
    shares are measured: ten minutes ago, or the latest change of the ring. `imbalance`: the largest ratio of a server's
    measured share to its expected one; None where fewer than 100 requests were measured."""

    time: float
    since: float
    servers: tuple[ServerLoad, ...]
    imbalance: float | None
