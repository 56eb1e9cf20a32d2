"""What a proxy does to headers."""

from __future__ import annotations

import re

import pytest
from urllib3.util import SKIP_HEADER

from balancer.adapters.flask_plane.headers import HOP_BY_HOP, to_client, to_server


def sent(*, is_trusted: bool = False, **headers: str) -> dict[str, str]:
    """What a server gets; underscores in names stand for hyphens."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return to_server({"Host": "example.test", **given}, client="192.0.2.7", is_trusted=is_trusted)


def passed(*headers: tuple[str, str]) -> list[tuple[str, str]]:
    """What a client gets, where nothing is explained."""
    return to_client(headers, explained=[])


def test_ordinary_headers_reach_the_server_and_host_is_kept() -> None:
    headers = sent(Accept="text/html", Cookie="a=1", Authorization="Basic eA==")
    assert headers["Host"] == "example.test"
    assert headers["Accept"] == "text/html"
    assert headers["Cookie"] == "a=1"
    assert headers["Authorization"] == "Basic eA=="


@pytest.mark.parametrize("name", sorted(HOP_BY_HOP))
def test_hop_by_hop_headers_end_here_in_both_directions(name: str) -> None:
    assert name.title() not in sent(**{name.title(): "x"})
    assert passed((name.title(), "x"), ("X-Kept", "y")) == [("X-Kept", "y")]


@pytest.mark.parametrize("name", ["Host", "Cookie", "Content-Length", "X-Forwarded-For", "X-Mine"])
def test_a_connection_header_takes_no_other_header_away(name: str) -> None:
    headers = sent(Connection=f"close, {name} ,x-other", X_Mine="1", Cookie="a=1", Content_Length="3", X_Other="2")
    assert {name, "X-Other"} <= headers.keys()
    assert "Connection" not in headers
    assert passed(("Connection", "X-A"), ("X-A", "1")) == [("X-A", "1")]


def test_no_request_sets_a_proxy_for_the_server() -> None:
    assert "Proxy" not in sent(Proxy="http://evil.example")


def test_a_server_is_not_asked_to_expect_anything() -> None:
    assert "Expect" not in sent(Expect="100-continue")


def test_the_server_is_told_where_the_request_came_from() -> None:
    headers = sent()
    assert headers["X-Forwarded-For"] == "192.0.2.7"
    assert headers["X-Forwarded-Host"] == "example.test"
    assert headers["X-Forwarded-Proto"] == "http"


SAID = {
    "X_Forwarded_For": "203.0.113.5,198.51.100.4",
    "X_Forwarded_Host": "www.example",
    "X_Forwarded_Proto": "https",
    "X_Forwarded_Port": "443",
    "X_Forwarded_Prefix": "/shop",
    "Forwarded": "for=203.0.113.5",
}


def test_what_a_trusted_proxy_says_is_kept_and_the_proxy_is_appended() -> None:
    headers = sent(is_trusted=True, **SAID)
    assert headers["X-Forwarded-For"] == "203.0.113.5, 198.51.100.4, 192.0.2.7"
    assert headers["X-Forwarded-Host"] == "www.example"
    assert headers["X-Forwarded-Proto"] == "https"
    assert headers["X-Forwarded-Port"] == "443"
    assert headers["X-Forwarded-Prefix"] == "/shop"
    assert headers["Forwarded"] == "for=203.0.113.5"


def test_nobody_else_is_believed() -> None:
    headers = sent(**SAID)
    assert headers["X-Forwarded-For"] == "192.0.2.7"
    assert headers["X-Forwarded-Host"] == "example.test"
    assert headers["X-Forwarded-Proto"] == "http"
    assert headers["X-Forwarded-Port"] == "80"
    assert not {"X-Forwarded-Prefix", "Forwarded"} & headers.keys()


@pytest.mark.parametrize(("host", "port"), [("a", "80"), ("a:8080", "8080"), ("[::1]", "80"), ("[::1]:81", "81")])
def test_the_port_is_the_one_that_the_client_named(host: str, port: str) -> None:
    assert sent(Host=host)["X-Forwarded-Port"] == port


def test_a_request_id_is_passed_on_and_a_missing_one_made() -> None:
    assert sent(**{"X-Request-Id": "mine"})["X-Request-Id"] == "mine"
    made = [sent()["X-Request-Id"] for _ in range(2)]
    assert made[0] != made[1]
    assert all(re.fullmatch("[0-9a-f]{24}", request_id) for request_id in made)


def test_nothing_that_the_client_did_not_say_is_added_in_its_name() -> None:
    headers = sent()
    assert headers["User-Agent"] == headers["Accept-Encoding"] == SKIP_HEADER
    assert sent(User_Agent="curl/8")["User-Agent"] == "curl/8"


def test_repeated_headers_stay_repeated() -> None:
    cookies = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Vary", "Accept"), ("Vary", "Cookie")]
    assert passed(*cookies) == cookies


def test_what_gunicorn_writes_itself_comes_once() -> None:
    assert passed(("Server", "app"), ("Date", "now"), ("X-Kept", "y")) == [("X-Kept", "y")]


EXPLAINED = [("X-Served-By", "S1"), ("X-Ring-Slot", "7"), ("X-Ring-Attempt", "1")]


@pytest.mark.parametrize("name", [name for name, _ in EXPLAINED])
def test_who_explains_an_answer_is_believed(name: str) -> None:
    forged = [(name, "mine"), (name.lower(), "mine, too"), ("X-Kept", "y")]
    assert to_client(forged, explained=EXPLAINED) == [("X-Kept", "y"), *EXPLAINED]


@pytest.mark.parametrize("name", [name for name, _ in EXPLAINED])
def test_where_nothing_is_explained_a_servers_answer_passes_as_it_is(name: str) -> None:
    assert passed((name, "mine")) == [(name, "mine")]
