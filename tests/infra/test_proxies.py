"""Which proxies an environment names: the filters, on environments that users have."""

from __future__ import annotations

import pytest

from tests.infra.filters import loaded

filters = loaded("proxies")

OFFICE = "http://ann:secret@proxy.example:3128"


def test_each_is_named_in_both_cases() -> None:
    assert filters.proxies({"http_proxy": OFFICE, "NO_PROXY": "localhost,10.0.0.0/8", "HOME": "/root"}) == {
        "http_proxy": OFFICE,
        "HTTP_PROXY": OFFICE,
        "no_proxy": "localhost,10.0.0.0/8",
        "NO_PROXY": "localhost,10.0.0.0/8",
    }


def test_where_the_cases_differ_the_lower_one_counts() -> None:
    assert filters.proxies({"HTTPS_PROXY": "http://old.example:1", "https_proxy": OFFICE}) == {
        "https_proxy": OFFICE,
        "HTTPS_PROXY": OFFICE,
    }


@pytest.mark.parametrize("environment", [{}, {"http_proxy": "", "no_proxy": "localhost"}, {"PATH": "/bin"}])
def test_without_a_proxy_there_is_nothing_to_hand_on(environment: dict[str, str]) -> None:
    assert filters.proxies(environment) == filters.build_proxies(environment) == {}


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:3128",
        "127.0.0.1:3128",
        "http://ann:secret@localhost:3128",
        "socks5h://LOCALHOST:1080",
        "http://[::1]:3128",
    ],
)
def test_a_build_gets_no_proxy_of_this_machines_loopback(address: str) -> None:
    environment = {"http_proxy": address, "no_proxy": "localhost"}
    assert filters.proxies(environment)["http_proxy"] == address
    assert filters.build_proxies(environment) == {}
    assert filters.build_proxies(environment | {"https_proxy": OFFICE}) == {
        "https_proxy": OFFICE,
        "HTTPS_PROXY": OFFICE,
        "no_proxy": "localhost",
        "NO_PROXY": "localhost",
    }
