"""Who may call control: by address, and what a browser's headers tell of the page that asks."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from balancer.core.caller import Attachments, Caller, attachments, refusal

SERVERS = Attachments((IPv4Network("172.18.0.0/16"),), frozenset({IPv4Address("172.18.0.1")}))
NAMES = ("ring.example", "lb")
ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth1\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth1\t0000000A\t0100A8C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0
"""


def why(client: str = "127.0.0.1", **headers: str | None) -> str:
    return refusal(Caller(client=client, **headers), SERVERS, NAMES)


def test_the_networks_are_those_of_the_routes_without_a_gateway() -> None:
    seen = attachments(ROUTES, "little")
    assert seen.networks == (IPv4Network("172.18.0.0/16"), IPv4Network("192.168.0.0/24"))
    assert seen.gateways == {IPv4Address("172.18.0.1"), IPv4Address("192.168.0.1")}


def test_without_routes_there_are_no_networks() -> None:
    assert attachments(ROUTES.splitlines()[0], "little") == Attachments()


def test_addresses_stand_in_the_processors_order() -> None:
    line = "eth0\tAC120000\t00000000\t0001\t0\t0\t0\tFFFF0000\t0\t0\t0"
    assert attachments(f"head\n{line}\n", "big").networks == (IPv4Network("172.18.0.0/16"),)


@pytest.mark.parametrize("client", ["172.18.0.2", "172.18.255.254", "::ffff:172.18.0.2"])
def test_whoever_is_in_the_servers_network_is_refused(client: str) -> None:
    assert why(client).startswith("this comes from the servers' network")


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "172.18.0.1", "::ffff:172.18.0.1", "10.0.0.9", "2001:db8::7"])
def test_the_host_and_whoever_is_elsewhere_are_not(client: str) -> None:
    assert why(client) == ""


@pytest.mark.parametrize("client", ["", "unknown", "172.18.0", "172.18.0.2:80", "[::1]", "172.18.0.2, 10.0.0.1"])
def test_whoever_is_unknown_is_refused(client: str) -> None:
    assert why(client).startswith("it is not known where")


OURS = [
    None,
    "",
    "localhost",
    "LocalHost",
    "localhost.",
    "localhost:5000",
    "localhost:",
    "127.0.0.1",
    "127.9.9.9:5001",
    "192.168.1.20:5000",
    "203.0.113.7",
    "[::1]",
    "[::1]:5000",
    "[2001:DB8::7]:80",
    "ring.example",
    "RING.example.:5000",
    "lb:65535",
]
FOREIGN = [
    "evil.example",
    "evil.example:5000",
    "localhost.evil.example",
    "app.localhost",
    "ringmaster-balancer:5001",
    "sub.ring.example",
    "ring.example..",
    "localhost:5000:5000",
    "localhost:99999",
    "localhost:-1",
    "localhost:http",
    "user@localhost",
    "localhost@evil.example",
    "evil.example#@localhost",
    "localhost,localhost",
    "localhost, evil.example",
    "localhost evil.example",
    " localhost",
    "localhost\t",
    "http://localhost",
    "localhost/",
    "::1",
    "[::1",
    "[::1]x",
    "[127.0.0.1]",
    "[fe80::1%eth0]",
    "[fe80::1%25eth0]",
    "0x7f.1",
    "127.1",
    "127.0.0.01",
    "2130706433",
    "\uff11\uff12\uff17.0.0.1",  # digits of full width
    "loca\u017fhost",  # a long s
    "r\u0131ng.example",  # an i without a dot
    "xn--ring-example",
    ".",
    ":5000",
    "*",
]


@pytest.mark.parametrize("host", OURS)
def test_these_hosts_are_ours(host: str | None) -> None:
    assert why(host=host) == ""


@pytest.mark.parametrize("host", FOREIGN)
def test_these_hosts_are_not(host: str) -> None:
    assert "control_hosts" in why(host=host)


@given(st.text())
def test_a_host_that_is_neither_an_address_nor_named_is_foreign(host: str) -> None:
    name = host.lower().rpartition(":")[0] or host.lower()
    assume(host and name.rstrip(".") not in ("localhost", *NAMES))
    assume(not any(character.isdigit() or character in ":[" for character in host))
    assert why(host=host)


@given(st.ip_addresses(v=4), st.none() | st.integers(0, 65535))
def test_every_literal_address_is_ours(address: IPv4Address, port: int | None) -> None:
    assert why(host=str(address) if port is None else f"{address}:{port}") == ""


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:5000", "localhost:5000"),
        ("HTTP://LOCALHOST:5000", "localhost:5000"),
        ("http://127.0.0.1", "127.0.0.1:80"),
        ("https://ring.example", "ring.example"),
        ("https://ring.example", "ring.example:443"),
        ("http://[::1]:5001", "[::1]:5001"),
    ],
)
def test_a_page_of_our_own_may_ask(origin: str, host: str) -> None:
    assert why(origin=origin, host=host) == ""


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("null", "localhost:5000"),
        ("", "localhost:5000"),
        ("http://evil.example", "localhost:5000"),
        ("http://localhost:3000", "localhost:5000"),
        ("http://localhost", "localhost:5000"),
        ("http://127.0.0.1:5000", "localhost:5000"),
        ("https://ring.example", "ring.example:80"),
        ("ftp://localhost:5000", "localhost:5000"),
        ("file://", "localhost:5000"),
        ("http://localhost:5000/", "localhost:5000"),
        ("http://user@localhost:5000", "localhost:5000"),
        ("http://localhost:5000, http://evil.example", "localhost:5000"),
        ("http://", ""),
        ("http://localhost:5000", None),
    ],
)
def test_a_page_of_another_origin_may_not(origin: str, host: str | None) -> None:
    assert why(origin=origin, host=host).startswith("a web page of another origin")


@given(st.text())
def test_no_text_is_an_origin_of_ours_by_accident(origin: str) -> None:
    assume(origin.lower() != "http://localhost:5000")
    assume(origin.lower() != "https://localhost:5000")
    assert why(origin=origin, host="localhost:5000")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "Same-Origin", "none, none", "whatever"])
def test_what_a_browser_says_of_a_foreign_page_is_believed(site: str) -> None:
    assert why(fetch_site=site, host="localhost:5000").startswith("a web page of another origin")


@pytest.mark.parametrize("site", ["same-origin", "none", None])
def test_a_typed_address_and_an_own_page_are_fine(site: str | None) -> None:
    assert why(fetch_site=site, host="localhost:5000") == ""


def test_the_sentence_shows_a_long_host_in_part_and_printable() -> None:
    assert len(why(host="é" * 9000)) < 600
    assert "\n" not in why(host="a\nb")
