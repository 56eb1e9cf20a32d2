"""Key sources: how they are written, and the bytes they find. tests/contract proves HAProxy's form equal."""

from __future__ import annotations

import pytest

from balancer.core.errors import InvalidRequest
from balancer.core.key_source import RANDOM, KeySource, Message


def message(path: bytes = b"/", query: bytes = b"", client: bytes = b"10.0.0.9", **headers: bytes) -> Message:
    return Message(
        path=path, query=query, headers={name.replace("_", "-"): headers[name] for name in headers}, client=client
    )


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("random", KeySource("random")),
        ("header:X-User", KeySource("header", "X-User")),
        ("cookie:session_id", KeySource("cookie", "session_id")),
        ("query:user", KeySource("query", "user")),
        ("path", KeySource("path")),
        ("address", KeySource("address")),
    ],
)
def test_a_source_is_written_as_it_was_read(text: str, source: KeySource) -> None:
    assert KeySource.parse(text) == source
    assert str(source) == text
    assert source.is_random is (text == "random")


@pytest.mark.parametrize(
    "text",
    [
        *("", "url", "Random", "header", "header:", "cookie", "query:", "path:x", "random:x", "address:1"),
        *("header:X User", "header:X_User", "header:é", "header:a:b", "header:X\n", "cookie:a=b", "cookie:a;b"),
        *("cookie:a,b", "query:a&b", "query:a b", "query:a)", "query:'a'", 'query:"a"', "query:" + 65 * "a"),
        *(None, True, 7, [], ["path"], {}),
    ],
)
def test_anything_else_is_refused_with_the_choices(text: object) -> None:
    choices = "key must be one of random, header:NAME, cookie:NAME, query:NAME, path, address;"
    with pytest.raises(InvalidRequest, match=choices):
        KeySource.parse(text)


@pytest.mark.parametrize(
    ("source", "request_message", "key"),
    [
        ("random", message(b"/a", b"user=7", x_user=b"ann"), b""),
        ("path", message(b"/a%20b", b"user=7"), b"/a%20b"),
        ("address", message(client=b"2001:db8::1"), b"2001:db8::1"),
        ("header:X-User", message(x_user=b"ann"), b"ann"),
        ("header:x-USER", message(x_user=b"ann, bob"), b"ann, bob"),
        ("header:X-User", message(x_user=b"\xff\xe9"), b"\xff\xe9"),
        ("header:X-User", message(x_user=b""), b""),
        ("header:X-User", message(x_users=b"ann"), b""),
        ("query:user", message(query=b"user=7"), b"7"),
        ("query:user", message(query=b"a=1&user=7&b=2"), b"7"),
        ("query:user", message(query=b"user=a%26b+c"), b"a%26b+c"),
        ("query:user", message(query=b"users=7&superuser=8&User=9"), b""),
        ("query:user", message(query=b"user=a=b"), b"a=b"),
        ("query:user", message(query=b""), b""),
        ("cookie:id", message(cookie=b"id=7"), b"7"),
        ("cookie:id", message(cookie=b"a=1; id=7; b=2"), b"7"),
        ("cookie:id", message(cookie=b"a=1;id=7;b=2"), b"7"),
        ("cookie:id", message(cookie=b"sid=8; ids=9; ID=10"), b""),
        ("cookie:id", message(cookie=b"id=a=b"), b"a=b"),
        ("cookie:id", message(), b""),
    ],
)
def test_a_key_is_the_bytes_that_the_client_wrote(source: str, request_message: Message, key: bytes) -> None:
    assert KeySource.parse(source).read(request_message) == key


def test_all_requests_are_keyed_at_random_by_default() -> None:
    assert KeySource() == RANDOM
    assert RANDOM.is_random


@pytest.mark.parametrize("source", ["header:X-User", "cookie:id", "query:user", "path", "address"])
def test_every_other_source_has_a_sample_with_its_name(source: str) -> None:
    key = KeySource.parse(source)
    assert key.sample
    assert key.name in key.sample
    assert "{" not in key.sample
