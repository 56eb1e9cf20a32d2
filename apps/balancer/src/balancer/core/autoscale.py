"""The autoscaler's decision: how many servers the load calls for. The fleet grows fast and shrinks slowly.

Nothing starts or removes servers here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from balancer.core.document import known_fields
from balancer.core.errors import InvalidRequest
from balancer.core.load import Load

BAND = 0.1
"""The load may differ from the target by this part of the target without any change."""
UP_AFTER = 3.0
DOWN_AFTER = 60.0
_RANGES = {"in_flight": (0.1, 100_000), "latency": (0.001, 3600), "up_after": (0.5, 3600), "down_after": (0.5, 3600)}
"""The smallest and the largest value of each number of a policy."""


class Measure(StrEnum):
    IN_FLIGHT = "in_flight"
    LATENCY = "latency"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingPolicy:
    """The fleet has `least` to `most` servers. `target`: requests in flight at each server, or seconds a response. The
    load counts as grown after `up_after` seconds, and as shrunk after `down_after` seconds."""

    least: int
    most: int
    measure: Measure
    target: float
    up_after: float
    down_after: float

    def value(self, load: Load) -> float:
        return load.in_flight if self.measure is Measure.IN_FLIGHT else load.latency

    def demand(self, value: float, servers: int) -> float:
        """The number of servers at which the load would be exactly the target. Response times are taken as inversely
        proportional to the number of servers."""
        return value / self.target * (1 if self.measure is Measure.IN_FLIGHT else servers)


@dataclass(frozen=True, slots=True)
class Window:
    """The readings since the time `since`, as (time, value). `values`: the readings of the last `up_after` seconds.
    `means`: for each reading of the last `down_after` seconds, the mean of the `up_after` seconds before it."""

    since: float | None = None
    values: tuple[tuple[float, float], ...] = ()
    means: tuple[tuple[float, float], ...] = ()

    def with_reading(self, policy: ScalingPolicy, at: float, load: Load) -> Window:
        since = at if self.since is None else self.since
        values = (*_since(self.values, at - policy.up_after), (at, policy.value(load)))
        means = _since(self.means, at - policy.down_after)
        if at - since >= policy.up_after:
            means = (*means, (at, fmean(value for _, value in values)))
        return Window(since, values, means)

    def covers(self, seconds: float) -> bool:
        return self.since is not None and self.values[-1][0] - self.since >= seconds


@dataclass(frozen=True, slots=True)
class Decision:
    """The fleet is to go from `before` servers to `after`."""

    before: int
    after: int
    reason: str


def decide(policy: ScalingPolicy, servers: int, window: Window) -> Decision | None:
    """The decision for a fleet of `servers` servers; None for no change. All readings of the window are of that
    number."""
    if not window.covers(policy.up_after):
        return None
    wanted, reason = _wanted(policy, servers, window)
    after = min(max(wanted, policy.least), policy.most)
    if after == servers:
        return None
    if servers < policy.least:
        reason = f"N is {servers}, and min is {policy.least}"
    if servers > policy.most:
        reason = f"N is {servers}, and max is {policy.most}"
    return Decision(servers, after, reason)


def _wanted(policy: ScalingPolicy, servers: int, window: Window) -> tuple[int, str]:
    """The number of servers that the load calls for, and the reason."""
    _, lately = window.means[-1]
    demand = policy.demand(lately, servers)
    if demand > servers * (1 + BAND):
        return math.ceil(demand), _too_busy(policy, lately, servers)
    busiest = max(mean for _, mean in window.means)
    demand = policy.demand(busiest, servers)
    if window.covers(policy.down_after) and demand < servers * (1 - BAND):
        return max(math.ceil(demand), servers - at_once(servers)), _too_idle(policy, busiest, servers)
    return servers, ""


def at_once(servers: int) -> int:
    """How many servers an idle fleet of `servers` servers removes at a time."""
    return max(2, servers // 4)


def _too_busy(policy: ScalingPolicy, value: float, servers: int) -> str:
    if policy.measure is Measure.LATENCY:
        return f"{value:.3g} s a response for {policy.up_after:g} s is more than {policy.target:g}"
    each = value / max(1, servers)
    return f"{value:.1f} in flight for {policy.up_after:g} s is {each:.1f} a server, more than {policy.target:g}"


def _too_idle(policy: ScalingPolicy, value: float, servers: int) -> str:
    if policy.measure is Measure.LATENCY:
        return f"at most {value:.3g} s a response for {policy.down_after:g} s is less than {policy.target:g}"
    each = value / servers
    return (
        f"at most {value:.1f} in flight for {policy.down_after:g} s is {each:.1f} a server, less than {policy.target:g}"
    )


def _since(items: tuple[tuple[float, float], ...], time: float) -> tuple[tuple[float, float], ...]:
    return tuple(item for item in items if item[0] > time)


def parse(document: Mapping[str, object]) -> ScalingPolicy:
    """The policy in a JSON object such as {"min":2,"max":10,"in_flight":8}. Raises InvalidRequest."""
    known_fields(document, "min", "max", *_RANGES)
    measures = [measure for measure in Measure if measure in document]
    if len(measures) != 1:
        raise InvalidRequest("give either in_flight or latency, the target of each server")
    policy = ScalingPolicy(
        least=_servers(document, "min"),
        most=_servers(document, "max"),
        measure=measures[0],
        target=_number(document, measures[0]),
        up_after=_number(document, "up_after", default=UP_AFTER),
        down_after=_number(document, "down_after", default=DOWN_AFTER),
    )
    if policy.most < policy.least:
        raise InvalidRequest(f"max must be at least min, {policy.least}")
    if policy.down_after < policy.up_after:
        raise InvalidRequest(f"down_after must be at least up_after, {policy.up_after:g}")
    return policy


def _servers(document: Mapping[str, object], field: str) -> int:
    value = document.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidRequest(f"{field} must be a number of servers, an integer of at least 1")
    return value


def _number(document: Mapping[str, object], field: str, *, default: float | None = None) -> float:
    value = document.get(field, default)
    low, high = _RANGES[field]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InvalidRequest(f"{field} must be a number from {low:g} to {high:g}")
    return float(value)
