"""How counters grow that may begin anew."""

from __future__ import annotations

import pytest

from balancer.core.growth import Growth, growth
from balancer.core.server_load import ServerCounters


def counters(requests: int, errors: int = 0) -> ServerCounters:
    return ServerCounters(requests=requests, errors=errors)


@pytest.mark.parametrize(
    ("before", "now", "grown"),
    [
        (counters(10, 1), counters(15, 3), Growth(5, 2)),
        (counters(10, 1), counters(10, 1), Growth()),
        (counters(10, 5), counters(4, 1), Growth(4, 1)),
        (counters(10, 5), counters(12, 1), Growth(2, 0)),
    ],
    ids=["grows", "rests", "began anew", "errors fell alone"],
)
def test_a_counter_that_fell_began_anew(before: ServerCounters, now: ServerCounters, grown: Growth) -> None:
    assert growth({"S1": before}, {"S1": now}) == {"S1": grown}


def test_who_was_not_there_began_at_0_and_who_is_gone_grows_no_more() -> None:
    assert growth({"S1": counters(5)}, {"S2": counters(7, 1)}) == {"S2": Growth(7, 1)}
