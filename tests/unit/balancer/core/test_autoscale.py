"""How many servers the load calls for: fast up, slowly down, inside the limits, and at rest under constant load."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.autoscale import Decision, Measure, ScalingPolicy, Window, at_once, decide, parse
from balancer.core.errors import InvalidRequest
from balancer.core.load import Load

LOOK = 0.5
BUSY = parse({"min": 2, "max": 10, "in_flight": 8})
QUICK = parse({"min": 2, "max": 10, "latency": 0.2})

IN_FLIGHT = st.integers(0, 200)
SERVERS = st.integers(0, 30)
POLICIES = st.builds(
    lambda least, more, target, up, down: ScalingPolicy(
        least=least,
        most=least + more,
        measure=Measure.IN_FLIGHT,
        target=target,
        up_after=up,
        down_after=up + down,
    ),
    st.integers(1, 10),
    st.integers(0, 20),
    st.floats(0.5, 40),
    st.sampled_from([0.5, 1.0, 3.0]),
    st.sampled_from([0.0, 2.0, 10.0]),
)


def window(policy: ScalingPolicy, loads: Sequence[Load]) -> Window:
    """What was seen in measures at these loads, the last one now."""
    seen = Window()
    for number, load in enumerate(loads):
        seen = seen.with_reading(policy, number * LOOK, load)
    return seen


def steady(policy: ScalingPolicy, load: Load, seconds: float) -> Window:
    return window(policy, [load] * (1 + round(seconds / LOOK)))


def in_flight(*numbers: int) -> list[Load]:
    return [Load(number, 0.0) for number in numbers]


def test_more_load_calls_for_more_servers_after_up_after_and_not_before() -> None:
    load = Load(37, 0.0)
    assert decide(BUSY, 3, steady(BUSY, load, 2.5)) is None
    assert decide(BUSY, 3, steady(BUSY, load, 3)) == Decision(
        3, 5, "37.0 in flight for 3 s is 12.3 a server, more than 8"
    )


def test_less_load_calls_for_fewer_servers_after_down_after_and_not_before() -> None:
    load = Load(9, 0.0)
    assert decide(BUSY, 4, steady(BUSY, load, 59.5)) is None
    assert decide(BUSY, 4, steady(BUSY, load, 60)) == Decision(
        4, 2, "at most 9.0 in flight for 60 s is 2.2 a server, less than 8"
    )


def test_response_times_call_for_servers_in_proportion() -> None:
    assert decide(QUICK, 4, steady(QUICK, Load(0, 0.31), 3)) == Decision(
        4, 7, "0.31 s a response for 3 s is more than 0.2"
    )
    assert decide(QUICK, 8, steady(QUICK, Load(999, 0.15), 60)) == Decision(
        8, 6, "at most 0.15 s a response for 60 s is less than 0.2"
    )


def test_the_last_seconds_count_for_more_and_the_busiest_ones_for_fewer() -> None:
    """One moment is not a load: means of up_after seconds are what counts."""
    assert decide(BUSY, 3, window(BUSY, in_flight(*[0] * 10, *[60] * 6))) is not None
    assert decide(BUSY, 3, window(BUSY, in_flight(*[24] * 15, 36))) is None
    busy_once = in_flight(*[4] * 30, *[30] * 6, *[4] * 100)
    assert decide(BUSY, 8, window(BUSY, busy_once)) == Decision(
        8, 6, "at most 30.0 in flight for 60 s is 3.8 a server, less than 8"
    )
    assert decide(BUSY, 4, window(BUSY, busy_once)) is None
    assert decide(BUSY, 4, window(BUSY, [*busy_once, *in_flight(*[4] * 60)])) is not None


@pytest.mark.parametrize(("servers", "gone"), [(3, 1), (8, 2), (40, 10), (100, 25)])
def test_an_idle_fleet_shrinks_a_few_at_a_time(servers: int, gone: int) -> None:
    policy = replace(BUSY, most=100)
    decision = decide(policy, servers, steady(policy, Load(0, 0.0), 60))
    assert decision is not None
    assert decision.after == servers - gone


@pytest.mark.parametrize("load", [21.7, 24, 26.3])
def test_about_the_target_nothing_happens(load: float) -> None:
    """Three servers at 8 each are 24; a tenth more or less is the same. (Latencies can have any value.)"""
    policy = replace(QUICK, target=8)
    assert decide(policy, 3, steady(policy, Load(0, load / 3), 60)) is None


@pytest.mark.parametrize(("servers", "after", "limit"), [(0, 2, "min is 2"), (1, 2, "min is 2"), (14, 10, "max is 10")])
def test_what_is_outside_of_the_limits_is_brought_inside_whatever_the_load(
    servers: int, after: int, limit: str
) -> None:
    seen = steady(BUSY, Load(8 * servers, 0.0), 3)
    assert decide(BUSY, servers, seen) == Decision(servers, after, f"N is {servers}, and {limit}")


@given(POLICIES, SERVERS, st.lists(IN_FLIGHT, max_size=40))
def test_it_never_leaves_the_limits_and_says_why(policy: ScalingPolicy, servers: int, loads: list[int]) -> None:
    decision = decide(policy, servers, window(policy, in_flight(*loads)))
    if decision is None:
        assert len(loads) <= policy.up_after / LOOK or policy.least <= servers <= policy.most
    else:
        assert policy.least <= decision.after <= policy.most
        assert decision.before == servers != decision.after
        assert decision.reason


@given(POLICIES, SERVERS, st.lists(st.tuples(IN_FLIGHT, IN_FLIGHT), max_size=40))
def test_more_load_never_means_fewer_servers(policy: ScalingPolicy, servers: int, loads: list[tuple[int, int]]) -> None:
    def after(pick: Callable[[tuple[int, int]], int]) -> int:
        decision = decide(policy, servers, window(policy, in_flight(*map(pick, loads))))
        return servers if decision is None else decision.after

    assert after(min) <= after(max)


@given(POLICIES, st.integers(1, 30), IN_FLIGHT, st.sampled_from(Measure))
def test_under_constant_load_it_goes_one_way_and_comes_to_rest(
    policy: ScalingPolicy, servers: int, load: int, measure: Measure
) -> None:
    """Constant is what is in flight, or the work: then response times are inversely proportional to servers."""
    policy = replace(policy, measure=measure)
    went = [servers]
    for _ in range(40):
        seen = steady(policy, Load(load, load / went[-1]), policy.down_after)
        if (decision := decide(policy, went[-1], seen)) is None:
            break
        went.append(decision.after)
    else:
        raise AssertionError(f"it never rests: {went}")
    assert went in (sorted(went), sorted(went, reverse=True))
    if policy.least < went[-1] < policy.most:
        assert load / policy.target <= 1.1 * went[-1]
        assert ceil(load / policy.target) == went[-1] or load / policy.target >= 0.9 * went[-1]


@given(POLICIES, st.integers(1, 30))
def test_it_gives_up_only_a_few_at_a_time(policy: ScalingPolicy, servers: int) -> None:
    decision = decide(policy, servers, steady(policy, Load(0, 0.0), policy.down_after))
    if decision is not None and servers <= policy.most:
        assert servers - decision.after <= at_once(servers)


def test_a_policy_is_read_from_its_document() -> None:
    document = {"min": 2, "max": 10, "latency": 0.2, "up_after": 1, "down_after": 5.5}
    assert parse(document) == ScalingPolicy(
        least=2, most=10, measure=Measure.LATENCY, target=0.2, up_after=1, down_after=5.5
    )
    assert (BUSY.measure, BUSY.target, BUSY.up_after, BUSY.down_after) == (Measure.IN_FLIGHT, 8, 3, 60)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ('{"max":10,"in_flight":8}', "min must be a number of servers, an integer of at least 1"),
        ('{"min":0,"max":10,"in_flight":8}', "min must be"),
        ('{"min":true,"max":10,"in_flight":8}', "min must be"),
        ('{"min":2.0,"max":10,"in_flight":8}', "min must be"),
        ('{"min":2,"in_flight":8}', "max must be a number of servers"),
        ('{"min":2,"max":"10","in_flight":8}', "max must be"),
        ('{"min":2,"max":1,"in_flight":8}', "max must be at least min, 2"),
        ('{"min":2,"max":10}', "give either in_flight or latency"),
        ('{"min":2,"max":10,"in_flight":8,"latency":0.2}', "give either in_flight or latency"),
        ('{"min":2,"max":10,"in_flight":0}', "in_flight must be a number from 0.1 to 100000"),
        ('{"min":2,"max":10,"in_flight":true}', "in_flight must be"),
        ('{"min":2,"max":10,"in_flight":null}', "in_flight must be"),
        ('{"min":2,"max":10,"in_flight":NaN}', "in_flight must be"),
        ('{"min":2,"max":10,"latency":0}', "latency must be a number from 0.001 to 3600"),
        ('{"min":2,"max":10,"latency":"0.2"}', "latency must be"),
        ('{"min":2,"max":10,"in_flight":8,"up_after":0.1}', "up_after must be a number from 0.5 to 3600"),
        ('{"min":2,"max":10,"in_flight":8,"up_after":null}', "up_after must be"),
        ('{"min":2,"max":10,"in_flight":8,"down_after":Infinity}', "down_after must be a number from 0.5 to 3600"),
        ('{"min":2,"max":10,"in_flight":8,"down_after":2}', "down_after must be at least up_after, 3"),
        ('{"min":2,"max":10,"in_flight":8,"cpu":0.8}', '"cpu" is not a field here; there is: min, max, in_flight,'),
    ],
)
def test_a_policy_that_cannot_be_is_refused_with_its_field(document: str, reason: str) -> None:
    with pytest.raises(InvalidRequest, match="^" + re.escape(reason)):
        parse(json.loads(document))
