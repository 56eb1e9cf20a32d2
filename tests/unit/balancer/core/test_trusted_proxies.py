"""Whose word counts about where a request came from."""

from __future__ import annotations

import pytest

from balancer.core.trusted_proxies import HOPS, TrustedProxies

PROXIES = TrustedProxies(("10.0.0.0/8", "192.0.2.1", "2001:db8::/32"))


@pytest.mark.parametrize("address", ["10.1.2.3", "192.0.2.1", "2001:db8::7", "::ffff:10.0.0.1", "10.0.0.1:80"])
def test_addresses_within_the_networks_are_trusted(address: str) -> None:
    assert PROXIES.trust(address)
    assert not TrustedProxies().trust(address)


@pytest.mark.parametrize(
    "address", ["11.0.0.1", "192.0.2.2", "2001:db9::1", "::ffff:11.0.0.1", "", "unknown", "10.0.0.1:x"]
)
def test_all_others_are_not(address: str) -> None:
    assert not PROXIES.trust(address)


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.66, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.66, 198.51.100.1,10.0.0.2 , 192.0.2.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.66, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "198.51.100.66, 198.51.100.1:4711, 10.0.0.2:80", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1:65536", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:", "10.0.0.1"),
        ("10.0.0.1", "[2001:db9::1]", "2001:db9::1"),
        ("10.0.0.1", "[2001:db9::1]:4711", "10.0.0.1"),
        ("10.0.0.1", "[198.51.100.1]", "10.0.0.1"),
        ("10.0.0.1", "fe80::1%eth0", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.66, ::ffff:198.51.100.1, ::ffff:10.0.0.2", "::ffff:198.51.100.1"),
        ("10.0.0.1", "2001:DB9:0::1", "2001:db9::1"),
        ("10.0.0.1", ", ".join(["198.51.100.1", *["10.0.0.2"] * (HOPS - 1)]), "198.51.100.1"),
        ("10.0.0.1", ", ".join(["198.51.100.1", *["10.0.0.2"] * HOPS]), "10.0.0.2"),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_not_trusted(peer: str, forwarded_for: str, client: str) -> None:
    assert PROXIES.client(peer, forwarded_for) == client
