"""What a proxy does to headers."""

from __future__ import annotations

import re

import pytest
from urllib3.util import SKIP_HEADER

from balancer.adapters.flask_plane.headers import HOP_BY_HOP, to_client, to_server


def sent(**headers: str) -> dict[str, str]:
    """What a server gets; underscores in names stand for hyphens."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return to_server({"Host": "example.test", **given}, client="192.0.2.7")


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


def test_headers_that_connection_names_end_here_too() -> None:
    headers = sent(Connection="close, X-Mine ,x-other", X_Mine="1", X_Other="2", X_Third="3")
    assert {"X-Mine", "X-Other", "Connection"} & headers.keys() == set()
    assert headers["X-Third"] == "3"
    assert passed(("Connection", "X-A"), ("connection", "x-b"), ("X-A", "1"), ("X-B", "2"), ("X-C", "3")) == [
        ("X-C", "3")
    ]


def test_a_server_is_not_asked_to_expect_anything() -> None:
    assert "Expect" not in sent(Expect="100-continue")


def test_the_server_is_told_where_the_request_came_from() -> None:
    headers = sent()
    assert headers["X-Forwarded-For"] == "192.0.2.7"
    assert headers["X-Forwarded-Host"] == "example.test"
    assert headers["X-Forwarded-Proto"] == "http"


def test_what_proxies_before_said_is_kept() -> None:
    headers = sent(X_Forwarded_For="203.0.113.5", X_Forwarded_Host="www.example", X_Forwarded_Proto="https")
    assert headers["X-Forwarded-For"] == "203.0.113.5, 192.0.2.7"
    assert headers["X-Forwarded-Host"] == "www.example"
    assert headers["X-Forwarded-Proto"] == "https"


def test_a_request_id_is_passed_on_and_a_missing_one_made() -> None:
    assert sent(**{"X-Request-Id": "mine"})["X-Request-Id"] == "mine"
    made = [sent()["X-Request-Id"] for _ in range(2)]
    assert made[0] != made[1]
    assert all(re.fullmatch("[0-9a-f-]{36}", request_id) for request_id in made)


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
