"""What edges say, as one data plane says it."""

from __future__ import annotations

import pytest

from balancer.adapters.edges import sums
from balancer.adapters.edges.labelled import labelled
from balancer.adapters.edges.totals import Totals
from balancer.adapters.edges.wire import VERBS, ActivityColumns
from balancer.core.activity import Activity
from balancer.core.certificate import Certificate
from balancer.core.load import Load
from balancer.core.server_load import ServerCounters
from balancer.core.traffic import MOST_KEYS, NOTHING_COUNTED, CountedKey, KeyCounts


def test_activity_is_a_sum_by_instance() -> None:
    one = {"S1": Activity(1, 2, 3, 4), "S2": Activity(5)}
    other = {"S1": Activity(10, 20, 30, 40), "S3": Activity(0, 7)}
    assert sums.activity(map(over_the_wire, (one, other))) == {
        "S1": Activity(11, 22, 33, 44),
        "S2": Activity(5),
        "S3": Activity(0, 7),
    }


def test_the_activity_of_edges_with_the_same_servers_is_added_up_by_column() -> None:
    same = [{"S2": Activity(1, 2, 3, number), "S1": Activity(number)} for number in range(10)]
    assert sums.activity(map(over_the_wire, same)) == {"S1": Activity(45), "S2": Activity(10, 20, 30, 45)}
    assert sums.activity([over_the_wire({})]) == {}


def over_the_wire(found: dict[str, Activity]) -> ActivityColumns:
    return VERBS["activity"].decode(VERBS["activity"].encode(found))


@pytest.mark.parametrize(
    ("of_edges", "load"),
    [
        ([Load(3, 0.25)], Load(3, 0.25)),
        ([Load(0, 0.0), Load(4, 0.0)], Load(4, 0.0)),
        ([Load(0, 0.1), Load(0, 0.3)], Load(0, pytest.approx(0.2))),
        ([Load(2, 0.1), Load(0, 0.5), Load(9, 0.0)], Load(11, pytest.approx(0.2))),
    ],
)
def test_the_latency_is_weighted_by_what_is_in_flight(of_edges: list[Load], load: Load) -> None:
    assert sums.load(of_edges) == load


def test_equal_certificates_are_one_and_of_a_file_the_first_to_end_is_last() -> None:
    old, new = (Certificate("a.pem", ("a.example",), serial, end) for serial, end in (("01", 100), ("02", 200)))
    other = Certificate("b.pem", ("b.example",), "03", 300)
    assert sums.certificates([(new, other), (old, other), (new,)]) == (new, old, other)


def test_keys_are_added_by_slot_and_key() -> None:
    one = KeyCounts(1 / 16, (CountedKey(1, "aa", 2), CountedKey(2, "bb", 9)))
    other = KeyCounts(1 / 16, (CountedKey(1, "aa", 3), CountedKey(3, "aa", 1)))
    assert sums.keys([one, other, NOTHING_COUNTED]) == KeyCounts(
        1 / 16, (CountedKey(2, "bb", 9), CountedKey(1, "aa", 5), CountedKey(3, "aa", 1))
    )
    assert sums.keys([NOTHING_COUNTED]) == NOTHING_COUNTED


def test_no_more_keys_are_kept_than_one_edge_would() -> None:
    many = [
        KeyCounts(1.0, tuple(CountedKey(n, f"{n}", 1) for n in range(start, start + MOST_KEYS))) for start in (0, 9)
    ]
    keys = sums.keys(many).keys
    assert len(keys) == MOST_KEYS
    assert keys[0].count == 2


def counters(requests: int, errors: int = 0, in_flight: int = 0, response_time: float = 0.0) -> ServerCounters:
    return ServerCounters(in_flight, requests, errors, response_time)


def test_a_total_does_not_fall_when_an_edge_leaves_and_goes_on_when_it_is_back() -> None:
    totals, nodes = Totals(), ["one", "two"]
    first = totals.read({"one": {"S1": counters(100, 5, 2)}, "two": {"S1": counters(50, 1, 3)}}, nodes)
    assert first == {"S1": counters(150, 6, 5)}
    without = totals.read({"one": {"S1": counters(110, 5)}}, nodes)
    assert without == {"S1": counters(160, 6)}
    back = totals.read({"one": {"S1": counters(110, 5)}, "two": {"S1": counters(70, 2)}}, nodes)
    assert back == {"S1": counters(180, 7)}


def test_an_edge_that_began_anew_counts_from_0() -> None:
    totals = Totals()
    totals.read({"one": {"S1": counters(100)}}, ["one"])
    assert totals.read({"one": {"S1": counters(7)}}, ["one"]) == {"S1": counters(107)}


def test_an_edge_that_nobody_knew_brings_no_past() -> None:
    totals = Totals()
    totals.read({"one": {"S1": counters(100)}}, ["one"])
    joined = {"one": {"S1": counters(100)}, "new": {"S1": counters(5000), "S2": counters(3)}}
    assert totals.read(joined, ["one", "new"]) == {"S1": counters(100), "S2": counters(0)}
    grown = {"one": {"S1": counters(100)}, "new": {"S1": counters(5001), "S2": counters(4)}}
    assert totals.read(grown, ["one", "new"]) == {"S1": counters(101), "S2": counters(1)}


def test_an_edge_that_was_forgotten_brings_no_past_either() -> None:
    totals = Totals()
    totals.read({"one": {"S1": counters(10)}, "two": {"S1": counters(10)}}, ["one", "two"])
    totals.read({"one": {"S1": counters(10)}}, ["one"])
    back = {"one": {"S1": counters(10)}, "two": {"S1": counters(90)}}
    assert totals.read(back, ["one", "two"]) == {"S1": counters(20)}


def test_a_server_that_no_edge_has_is_forgotten() -> None:
    totals = Totals()
    totals.read({"one": {"S1": counters(10), "S2": counters(5)}}, ["one"])
    assert totals.read({"one": {"S1": counters(10)}}, ["one"]) == {"S1": counters(10)}
    again = {"one": {"S1": counters(10), "S2": counters(1)}}
    assert totals.read(again, ["one"]) == {"S1": counters(10), "S2": counters(1)}


def test_a_new_server_of_a_known_edge_counts_from_0() -> None:
    totals = Totals()
    totals.read({"one": {}}, ["one"])
    assert totals.read({"one": {"S1": counters(4)}}, ["one"]) == {"S1": counters(4)}


def test_the_response_time_is_weighted_by_what_was_answered_since_the_reading_before() -> None:
    totals = Totals()
    totals.read({"one": {"S1": counters(1000)}, "two": {"S1": counters(0)}}, ["one", "two"])
    now = {"one": {"S1": counters(1010, response_time=0.4)}, "two": {"S1": counters(30, response_time=0.2)}}
    assert totals.read(now, ["one", "two"])["S1"].response_time == pytest.approx(0.25)
    assert totals.read(now, ["one", "two"])["S1"].response_time == pytest.approx(0.4)


ONE = """\
# HELP haproxy_a First.
# TYPE haproxy_a gauge
haproxy_a 1
# HELP haproxy_b Second, with a {brace} in its text.
# TYPE haproxy_b counter
haproxy_b{proxy="fleet",server="S1"} 2
haproxy_b{proxy="fleet",server="a b"} 3 1700000000
"""
OTHER = """\
# HELP haproxy_b Second, with a {brace} in its text.
# TYPE haproxy_b counter
haproxy_b{proxy="fleet",server="S1"} 4
# HELP haproxy_c Third.
# TYPE haproxy_c gauge
haproxy_c{} 5
"""


def test_the_texts_of_edges_become_one_text() -> None:
    assert labelled({"two": OTHER, "one": ONE}) == (
        "# HELP haproxy_a First.\n"
        "# TYPE haproxy_a gauge\n"
        'haproxy_a{edge="one"} 1\n'
        "# HELP haproxy_b Second, with a {brace} in its text.\n"
        "# TYPE haproxy_b counter\n"
        'haproxy_b{edge="one",proxy="fleet",server="S1"} 2\n'
        'haproxy_b{edge="one",proxy="fleet",server="a b"} 3 1700000000\n'
        'haproxy_b{edge="two",proxy="fleet",server="S1"} 4\n'
        "# HELP haproxy_c Third.\n"
        "# TYPE haproxy_c gauge\n"
        'haproxy_c{edge="two"} 5\n'
    )


def test_no_name_of_a_node_breaks_the_text() -> None:
    assert labelled({'a"\\\n': "x 1\n"}) == 'x{edge="a\\"\\\\\\n"} 1\n'


def test_no_edge_has_no_metrics() -> None:
    assert labelled({}) == ""
