"""What a proxy owes both sides: methods, targets, headers and bodies arrive as they were sent."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.http_client import Answer, ask
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

EVERY_BYTE = bytes(range(256))


def echo(system: System, method: str = "GET", target: str = "/echo", **options: object) -> Answer:
    answer = ask(method, system.url, target, **options)  # type: ignore[arg-type]
    assert answer.status == 200, answer
    return answer


def headers_seen(answer: Answer) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.document["headers"].items()}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_arrives_as_it_was_sent(system: System, method: str) -> None:
    assert echo(system, method, body=b"x").document["method"] == method


@pytest.mark.parametrize("target", ["/echo?a=b%20c&d=%2F..%2f&e", "/echo?", "/echo?q='\\\"{}|^`"])
def test_path_and_query_arrive_as_they_were_written(system: System, target: str) -> None:
    assert echo(system, target=target).document["target"] == target


def test_head_gets_the_headers_of_get_and_no_body(system: System) -> None:
    answer = ask("HEAD", system.url, "/home")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0
    assert answer.headers["X-Served-By"] in system.replicas


@pytest.mark.parametrize("size", [0, 1, 16_384, 16_385, 500_000])
def test_a_body_arrives_unchanged_and_comes_back_unchanged(system: System, size: int) -> None:
    body = (EVERY_BYTE * (size // 256 + 1))[:size]
    seen = echo(system, "POST", body=body, headers={"Content-Type": "application/octet-stream"})
    assert seen.document["body"].encode("latin-1") == body
    assert headers_seen(seen)["content-length"] == str(size)
    assert headers_seen(seen)["content-type"] == "application/octet-stream"


def test_a_body_in_chunks_arrives_unchanged(system: System) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(40):
            yield EVERY_BYTE * 40

    seen = echo(system, "PUT", body=parts())
    assert seen.document["body"].encode("latin-1") == EVERY_BYTE * 1600


def test_host_is_kept_and_where_the_request_came_from_is_added(system: System) -> None:
    seen = headers_seen(echo(system, headers={"Host": "shop.example:8080"}))
    assert seen["host"] == "shop.example:8080"
    assert seen["x-forwarded-host"] == "shop.example:8080"
    assert seen["x-forwarded-proto"] == "http"
    assert seen["x-forwarded-for"]
    without = headers_seen(echo(system))
    assert without["host"] == urlsplit(system.url).netloc


def test_nobody_is_believed_about_where_a_request_came_from(system: System) -> None:
    """There is no trusted proxy here."""
    said = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "outer.example"}
    seen = headers_seen(echo(system, headers=said | {"Forwarded": "for=192.0.2.7", "Proxy": "evil.example"}))
    assert seen["x-forwarded-for"] not in ("", "192.0.2.7")
    assert "," not in seen["x-forwarded-for"]
    assert seen["x-forwarded-proto"] == "http"
    assert seen["x-forwarded-host"] == urlsplit(system.url).netloc
    assert not {"forwarded", "proxy"} & seen.keys()


def test_headers_for_one_hop_end_at_the_balancer(system: System) -> None:
    one_hop = ["Keep-Alive", "TE", "Proxy-Connection", "Proxy-Authorization"]
    seen = headers_seen(echo(system, headers={"X-Kept": "yes", **dict.fromkeys(one_hop, "no")}))
    assert seen["x-kept"] == "yes"
    assert not {name.lower() for name in one_hop} & seen.keys()


def test_headers_that_connection_names_stay(system: System) -> None:
    """A client could have Host dropped by naming it."""
    said = {"Connection": "keep-alive, X-Hop, Host", "X-Hop": "1", "Host": "shop.example"}
    seen = headers_seen(echo(system, headers=said))
    assert (seen["x-hop"], seen["host"]) == ("1", "shop.example")


def test_a_servers_own_error_passes_unchanged(system: System) -> None:
    answer = system.get("/slow?seconds=never")
    assert answer.status == 400
    assert answer.document["message"] == "<Error> seconds must be a number from 0 to 120"
    not_allowed = ask("POST", system.url, "/home")
    assert not_allowed.status == 405
    assert "GET" in not_allowed.headers["Allow"]
    too_large = ask("POST", system.url, "/echo", body=bytes(2_000_000))
    assert too_large.status == 413
    assert too_large.headers["X-Served-By"] in system.replicas
