"""What of a WSGI request is a key, and what of it goes on: bytes, as the client wrote them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st

from balancer.adapters.flask_plane.incoming import REPEATABLE_BODY, Incoming, read
from balancer.core.key_source import KeySource
from balancer.core.routes import IDEMPOTENT
from balancer.core.trusted_proxies import TrustedProxies


def incoming(target: str = "/", method: str = "GET", body: bytes = b"", **environ: Any) -> Incoming:
    """As gunicorn gives it: text with one character per byte."""
    if body:
        environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    given = {"REQUEST_METHOD": method, "RAW_URI": target, "REMOTE_ADDR": "192.0.2.7", "wsgi.url_scheme": "http"}
    return read(Request(given | environ), TrustedProxies())


def key(source: str, target: str = "/", **environ: Any) -> bytes:
    return KeySource.parse(source).read(incoming(target, **environ).message)


def test_a_header_is_a_key() -> None:
    assert key("header:X-User", HTTP_X_USER="ann") == b"ann"
    assert key("header:x-user", HTTP_X_USER="ann") == b"ann"
    assert key("header:Content-Type", CONTENT_TYPE="text/html") == b"text/html"
    assert key("header:X-User", HTTP_X_OTHER="ann") == b""


@given(st.binary(max_size=50))
def test_any_bytes_of_a_header_are_the_key(value: bytes) -> None:
    assert key("header:X-User", HTTP_X_USER=value.decode("latin-1")) == value


def test_repeated_headers_are_one_key() -> None:
    """gunicorn joins them; the edge would take the last one."""
    assert key("header:X-User", HTTP_X_USER="ann,bob") == b"ann,bob"


def test_a_cookie_is_a_key() -> None:
    assert key("cookie:session", HTTP_COOKIE="a=1; session=\xff2; b=3") == b"\xff2"
    assert key("cookie:session", HTTP_COOKIE="sessions=1") == b""


def test_a_query_parameter_is_a_key_with_nothing_decoded() -> None:
    assert key("query:user", "/a?x=1&user=a%20b+\xc3\xa9&user=2") == b"a%20b+\xc3\xa9"
    assert key("query:user", "/user=1") == b""


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/", b"/"),
        ("/a/b?c=/d", b"/a/b"),
        ("/a%2Fb/../c", b"/a%2Fb/../c"),
        ("/Zo\xc3\xab", "/Zoë".encode()),
        ("/\xff\xfe?x", b"/\xff\xfe"),
        ("http://example.test:5000/a?b", b"/a"),
        ("//double//slash", b"//double//slash"),
    ],
)
def test_the_path_is_a_key_as_it_was_written(target: str, path: bytes) -> None:
    assert key("path", target) == path


def test_the_peers_address_is_a_key_whatever_the_headers_say() -> None:
    assert key("address", HTTP_X_FORWARDED_FOR="203.0.113.5") == b"192.0.2.7"


def test_random_keys_are_in_no_request() -> None:
    assert key("random", "/a?b=c", HTTP_X_USER="ann") == b""


def test_the_path_for_people_has_no_query() -> None:
    assert incoming("/a%20b?secret=1").path == "/a%20b"


@pytest.mark.parametrize("method", [*IDEMPOTENT, "POST", "PATCH"])
@pytest.mark.parametrize(
    ("environ", "kept"),
    [
        ({}, True),
        ({"CONTENT_LENGTH": "0"}, True),
        ({"CONTENT_LENGTH": str(REPEATABLE_BODY)}, True),
        ({"CONTENT_LENGTH": str(REPEATABLE_BODY + 1)}, False),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, False),
    ],
)
def test_what_was_kept_whole_and_is_idempotent_may_be_repeated(
    method: str, environ: dict[str, str], kept: bool
) -> None:
    found = incoming(method=method, **{"wsgi.input": io.BytesIO(b"x" * 20_000), **environ})
    assert found.may_repeat == (kept and method in IDEMPOTENT)
    assert found.is_chunked == ("HTTP_TRANSFER_ENCODING" in environ)
