"""Requests with a key in every place where one can be: whatever HTTP allows there, the same in every run."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from random import Random
from urllib.parse import quote_from_bytes

from balancer.core.key_source import Message

HEADER, COOKIE, QUERY = "X-Key", "session", "user"
"""Where the keys are."""

COOKIES = [
    *(b"", b"session", b"session=", b"session=a", b"session=a;", b"a=1;session=", b"a=1; session=", b"a=1; session= "),
    *(b"session=a; session=b", b"session=a, session=b", b"session=a;session=", b"session=a; session=", b"session;a=1"),
    *(b"session = a ", b"session\t=\ta\t", b" session=a", b"sessions=a", b"Session=a", b"a session=b", b"$session=a"),
    *(
        b"$Version=1; session=a",
        b'session="a;b"',
        b'session="a,b" ; c=d',
        b'session="a',
        b'session=a"b;c"d',
        b'session=""',
    ),
    *(
        b'session="a\\"b;c"',
        b'session="a\\',
        b'x"y=1,session=2"',
        b'a="b,session=c"; session=d',
        b"session==a=b",
        b"=a",
    ),
    *(b"a=b;;session=c", b",,session=c,,", b"session=a b c", b"xsession=a; session=b", b"session=\xc3\xa9", b";", b"="),
]
QUERIES = [
    *(
        b"",
        b"user",
        b"user=",
        b"user=a",
        b"user&user=a",
        b"user=&user=a",
        b"user=a&user=b",
        b"user=a;user=b",
        b"a=1;user=b",
    ),
    *(
        b"a=1?user=b",
        b"?user=a",
        b"users=a",
        b"User=a",
        b"xuser=a",
        b"a=user=b",
        b"user==a",
        b"user=a=b",
        b"&&user=a&&",
    ),
    *(
        b"user=%41%2c",
        b"us%65r=a",
        b"user=a,b",
        b"user='a'",
        b'user="a&b"',
        b"a=&user=",
        b"x&ab=&user=1",
        b"usr=&user=1",
    ),
    *(b"&=&=user=1", b"user[]=a", b"user=a+b", b"abcd=1&user=2", b"=user=1"),
]

_IN_HEADERS = bytes(sorted(set(range(1, 256)) - {*b"\r\n"}))
"""Every byte that a header's value may have, blanks inside."""
_IN_TARGETS = bytes(sorted(set(range(33, 127)) - {*b"#"}))
_PUNCTUATION = b" ,;=\"'\\&?%$@/:|()<>[]{}\t"
_LETTERS = "aZ09éßñøЖщ中文字😀\u200d\u0301 "


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, and what a balancer makes of it."""

    wire: bytes
    message: Message


def requests(count: int) -> Iterator[Request]:
    """The hand-written cases first."""
    random = Random(0)  # noqa: S311 (it must repeat itself)
    cases = chain(zip_longest(COOKIES, QUERIES), ((None, None) for _ in range(count)))
    for _, (cookie, query) in zip(range(count), cases, strict=False):
        yield _request(
            header=None if random.random() < 0.05 else _in_header(random),
            cookie=_cookies(random) if cookie is None else cookie,
            query=_parameters(random) if query is None else query,
            path=b"/" + _in_target(random).replace(b"?", b"!"),
            client=_address(random).encode(),
        )


def _request(*, header: bytes | None, cookie: bytes, query: bytes, path: bytes, client: bytes) -> Request:
    fields = {b"Host": b"twins", b"X-Address": client, b"Cookie": cookie}
    if header is not None:
        fields[HEADER.encode()] = header
    lines = [b"GET %b?%b HTTP/1.1" % (path, query), *(b"%b: %b" % field for field in fields.items())]
    # Blanks around a value are not part of it (RFC 9110, 5.5).
    headers = {name.decode().lower(): value.strip(b" \t") for name, value in fields.items()}
    return Request(b"\r\n".join([*lines, b"", b""]), Message(path=path, query=query, headers=headers, client=client))


def _in_header(random: Random) -> bytes:
    return _key(random, _IN_HEADERS)


def _in_target(random: Random) -> bytes:
    key = _key(random, _IN_TARGETS)
    return key if key.isascii() and key.translate(None, _IN_TARGETS) == b"" else quote_from_bytes(key).encode()


def _key(random: Random, allowed: bytes) -> bytes:
    """One of all kinds: ids, digits, words, Unicode, punctuation, bytes, long ones, none."""
    kind = random.randrange(100)
    if kind < 20:
        return b"%d" % random.randrange(100_000, 1_000_000)
    if kind < 30:
        return (b"%d" % random.getrandbits(random.randrange(1, 70))).zfill(random.choice((0, 6, 7)))
    if kind < 45:
        return "".join(random.choices(_LETTERS, k=random.randrange(1, 12))).encode()
    if kind < 60:
        return bytes(random.choices(_PUNCTUATION + b"ab1", k=random.randrange(1, 12)))
    if kind < 98:
        return _bytes(random, allowed, random.randrange(1, 40))
    return _bytes(random, allowed, random.randrange(300, 2000)) if kind < 99 else b""


def _bytes(random: Random, allowed: bytes, length: int) -> bytes:
    table = (allowed * (256 // len(allowed) + 1))[:256]
    return random.randbytes(length).translate(table)


def _cookies(random: Random) -> bytes:
    """A jar, well-formed or not, with the wanted name in it once, twice or never."""
    names = (b"session", b"session", b"sess", b"session2", b"SESSION", b"$session", b"a b", b"")
    equals = (b"=", b"=", b"=", b" = ", b"")
    between = (b"; ", b"; ", b";", b",", b" , ", b";;", b" ")
    pairs = (random.choice(names) + random.choice(equals) + _in_header(random) for _ in range(random.choice((1, 2, 3))))
    return b"".join(pair + random.choice(between) for pair in pairs)


def _parameters(random: Random) -> bytes:
    names = (b"user", b"user", b"use", b"users", b"User", b"a&user", b"")
    equals = (b"=", b"=", b"=", b"==", b"")
    pairs = (random.choice(names) + random.choice(equals) + _in_target(random) for _ in range(random.choice((1, 2, 3))))
    return b"".join(pair + random.choice((b"&", b"&", b";", b"?")) for pair in pairs)


def _address(random: Random) -> str:
    if random.random() < 0.5:
        return socket.inet_ntop(socket.AF_INET, random.randbytes(4))
    zeros = random.randrange(0, 13)
    address = random.randbytes(16 - zeros)
    at = random.randrange(0, len(address))
    return socket.inet_ntop(socket.AF_INET6, address[:at] + bytes(zeros) + address[at:])
