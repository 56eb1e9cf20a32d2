"""What is counted, and when a rise is told."""

from __future__ import annotations

import re

import pytest

from loadtests.bench.counted import SERVERS, Counted, counted
from loadtests.bench.counting import Count
from loadtests.bench.instructions import ACCEPTED, has_small_buffers, is_short, risen, table

ALL = {(what.name, what.variant): what for what in counted()}


def config(name: str, variant: str) -> str:
    return ALL[name, variant].files["proxy.conf"]


def test_all_take_part_in_what_they_can() -> None:
    assert set(ALL) == {
        *(("edge", variant) for variant in ("plain", "keyed", "bounded", "16k", "tls")),
        *(("haproxy", variant) for variant in ("plain", "keyed", "bounded", "tls")),
        *(("nginx", variant) for variant in ("plain", "keyed", "tls")),
    }


@pytest.mark.parametrize("what", ALL.values(), ids=lambda what: f"{what.name}-{what.variant}")
def test_servers_are_on_loopback_and_nobody_looks_after_them_by_the_clock(what: Counted) -> None:
    text = what.files["proxy.conf"]
    assert set(re.findall(r"server (?:S\d )?127\.0\.0\.1:(\d+)", text)) == {str(port) for port in SERVERS.values()}
    assert not re.search(r"\b(inter|fastinter|downinter) (?!1h)", text)
    assert ("nbthread 1\n" in text) is (what.name != "nginx")


def test_variants_differ_in_what_their_names_say() -> None:
    assert "balance hash" in config("haproxy", "keyed")
    assert "balance roundrobin" in config("haproxy", "plain")
    assert "hash-balance-factor 125" in config("haproxy", "bounded")
    assert "hash $http_x_user" in config("nginx", "keyed")
    assert "hash $http_x_user" not in config("nginx", "plain")
    assert "in_flight" in config("edge", "bounded")
    for name in ("edge", "haproxy"):
        assert "tune.bufsize 16384" in config(name, "tls")
        assert "tune.bufsize 8192" in config(name, "keyed")
    for name in ("edge", "haproxy", "nginx"):
        assert "/run/ringmaster/certificate.pem" in config(name, "tls")
        assert "certificate" not in config(name, "keyed")
    assert "tune.bufsize 16384" in config("edge", "16k")


@pytest.mark.parametrize(
    ("version", "expected"), [("3.0.11", False), ("3.2.26", False), ("3.4.7", True), ("3.10.0", True)]
)
def test_since_3_4_there_are_small_buffers(version: str, expected: bool) -> None:
    assert has_small_buffers(version) is expected


def test_the_short_form_counts_what_is_compared_of_the_edge_with_and_without_a_key() -> None:
    assert [(what.name, what.variant) for what in counted() if is_short(what)] == [("edge", "plain"), ("edge", "keyed")]


def test_small_buffers_are_counted_where_this_haproxy_has_them() -> None:
    with_small = {
        what.variant: what.files["proxy.conf"] for what in counted(has_small_buffers=True) if what.name == "edge"
    }
    assert {variant for variant, text in with_small.items() if "use-small-buffers" in text} == {"small", "16k-small"}
    for variant, usual in (("small", "keyed"), ("16k-small", "16k")):
        text = with_small[variant].replace("    option use-small-buffers l7-retries\n", "", 1)
        assert text == with_small[usual]


def test_a_rise_of_more_than_two_percent_is_told_and_what_was_never_accepted() -> None:
    accepted = {"plain": 1000, "keyed": 1000, "tls": 1000}
    assert list(risen(accepted, {"plain": 1020, "keyed": 900, "tls": 5000})) == []
    (rise, new) = risen(accepted, {"plain": 1021, "bounded": 7})
    assert rise == "edge, plain: 1021 instructions for each request, 2.1% more than 1000"
    assert new == "edge, bounded: 7 instructions for each request, and none are accepted yet"


def test_figures_of_the_edge_are_accepted_for_a_version_of_haproxy() -> None:
    assert [file.name for file in ACCEPTED.iterdir()] == ["haproxy-3.0.11.json"]


def test_the_table_has_a_column_for_each_variant() -> None:
    counts = {"edge": {"plain": Count(70, {}), "tls": Count(90, {"recvfrom": 2.0})}, "nginx": {"tls": Count(30, {})}}
    assert table(counts).splitlines() == [
        "| instructions/request | plain | tls |",
        "|---|---|---|",
        "| edge | 70 | 90 |",
        "| nginx |  | 30 |",
        "edge, tls: 2.0 system calls/request (recvfrom 2)",
    ]
