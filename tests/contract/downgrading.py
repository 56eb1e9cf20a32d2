"""Requests of HTTP/2 that would be two requests, or another one, once they are written as HTTP/1.1: as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Fields = tuple[tuple[bytes, bytes], ...]

HIDDEN = b"GET /s-##### HTTP/1.1\r\nHost: x\r\n\r\n"
_METHOD, _SCHEME = (b":method", b"POST"), (b":scheme", b"http")
_PATH, _AUTHORITY = (b":path", b"/a-#####"), (b":authority", b"x")
_ODD = (
    *(b"\r\n\r\n" + HIDDEN, b"\r\nX: y", b"\r\nTransfer-Encoding: chunked", b"\n", b"\r", b"\0", b"\n\n" + HIDDEN),
    *(
        b" HTTP/1.1\r\n\r\n" + HIDDEN,
        b" HTTP/1.1\r\nX: y",
        b" ",
        b"\t",
        b"\x0b",
        b"\x7f",
        b"\x85",
        b"\xff",
        b"\x1c",
        b"#",
        b"?",
    ),
)


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream with these fields and this body. `says`: the length that it should have said, where it says one."""

    kind: str
    fields: Fields
    body: bytes = b""


def streams() -> list[Stream]:
    """All of them, with their numbers in the targets."""
    numbered = enumerate(dict.fromkeys((*_framed(), *_odd(), *_named())))
    return [Stream(each.kind, _numbered(each.fields, number), _set(each.body, number)) for number, each in numbered]


def _numbered(fields: Fields, number: int) -> Fields:
    return tuple((_set(name, number), _set(value, number)) for name, value in fields)


def _set(text: bytes, number: int) -> bytes:
    return text.replace(b"#####", b"%05d" % number)


def _post(*fields: tuple[bytes, bytes]) -> Fields:
    return (_METHOD, _SCHEME, _PATH, _AUTHORITY, *fields)


def _framed() -> Iterator[Stream]:
    bodies = (b"", b"hello", HIDDEN, b"0\r\n\r\n" + HIDDEN)
    for body in bodies:
        yield Stream("plain", _post(), body)
        for length in (
            *(
                b"0",
                b"1",
                b"4",
                b"5",
                b"6",
                b"999",
                b"-5",
                b"+5",
                b"0x5",
                b"5,5",
                b"5, 6",
                b"",
                b"5x",
                b" 5",
                b"5 ",
                b"1e1",
            ),
            *(b"18446744073709551616", b"18446744073709551621", b"4294967301", b"9" * 40, b"5\r\nX: y", b"5\0"),
        ):
            yield Stream("content-length", _post((b"content-length", length)), body)
        for first, second in ((b"5", b"5"), (b"5", b"0"), (b"0", b"5"), (b"%d" % len(body), b"0")):
            yield Stream("content-length", _post((b"content-length", first), (b"content-length", second)), body)
        for name in (
            b"transfer-encoding",
            b"Transfer-Encoding",
            b"transfer_encoding",
            b"content_length",
            b"transfer-encoding ",
        ):
            for value in (b"chunked", b"identity", b"Chunked", b"chunked\r\n", b"x"):
                yield Stream("transfer-encoding", _post((name, value)), body)
        for name, value in (
            *(
                (b"connection", b"close"),
                (b"connection", b"transfer-encoding"),
                (b"keep-alive", b"5"),
                (b"upgrade", b"h2c"),
            ),
            *(
                (b"upgrade", b"websocket"),
                (b"proxy-connection", b"keep-alive"),
                (b"te", b"trailers"),
                (b"te", b"chunked"),
            ),
            *((b"expect", b"100-continue"), (b"trailer", b"content-length"), (b"http2-settings", b"AAMAAABk")),
        ):
            yield Stream("hop by hop", _post((name, value)), body)


def _odd() -> Iterator[Stream]:
    for odd in _ODD:
        yield Stream("value", _post((b"x", b"y" + odd)), b"hello")
        yield Stream("value", _post((b"x", odd + b"y")), b"hello")
        yield Stream("value", _post((b"cookie", b"a=1" + odd), (b"cookie", b"b=2")), b"hello")
        yield Stream("name", _post((b"x" + odd, b"y")), b"hello")
        yield Stream("name", _post((odd + b"x", b"y")), b"hello")
        yield Stream("name", _post((b"x: y" + odd, b"y")), b"hello")
        for place, field in enumerate((_METHOD, _SCHEME, _PATH, _AUTHORITY)):
            whole = list(_post())
            for value in (field[1] + odd, odd + field[1]):
                whole[place] = (field[0], value)
                yield Stream(field[0].decode(), tuple(whole), b"hello")


def _named() -> Iterator[Stream]:
    for name in (
        b"X",
        b"Host",
        b"x y",
        b"x:y",
        b":x",
        b"",
        b"x\t",
        b"(x)",
        b'"x"',
        b"x\xe9",
        b":status",
        b":protocol",
        b":path:",
    ):
        yield Stream("name", _post((name, b"y")), b"hello")
    for path in (
        b"",
        b"*",
        b"a-#####",
        b"//a-#####",
        b"http://x/a-#####",
        b"/a-#####/../x",
        b"/a-#####%0d%0aX:y",
        b"?x",
        b"\\a-#####",
    ):
        yield Stream(":path", (_METHOD, _SCHEME, (b":path", path), _AUTHORITY), b"hello")
    for method in (
        b"",
        b"get",
        b"CONNECT",
        b"TRACE",
        b"PRI",
        b"GET /s-##### HTTP/1.1",
        b"P(ST",
        b"GET\t",
        b"HEAD",
        b"OPTIONS",
    ):
        yield Stream(":method", ((b":method", method), _SCHEME, _PATH, _AUTHORITY), b"hello")
    for scheme in (b"", b"https", b"ftp", b"http://y/s-#####?", b"HTTP", b"javascript", b"http:"):
        yield Stream(":scheme", (_METHOD, (b":scheme", scheme), _PATH, _AUTHORITY), b"hello")
    for authority in (
        b"",
        b"a b",
        b"a/s-#####",
        b"a@b",
        b"a:99999",
        b"a:b",
        b"a#b",
        b"a?b",
        b"[::1",
        b"a\\b",
        b"a,b",
        b"\xe9",
    ):
        for host in ((), ((b"host", b"y"),), ((b"host", authority),), ((b"host", b"x"), (b"host", b"y"))):
            yield Stream(":authority", (_METHOD, _SCHEME, _PATH, (b":authority", authority), *host), b"hello")
    for twice in (_METHOD, _SCHEME, _PATH, _AUTHORITY):
        yield Stream("twice", (*_post(), twice), b"hello")
        yield Stream("twice", (twice, *_post()), b"hello")
        yield Stream("twice", _post((b"x", b"y"), twice), b"hello")
        yield Stream("missing", tuple(field for field in _post() if field != twice), b"hello")
        yield Stream("missing", tuple(field for field in _post((b"host", b"x")) if field != twice), b"hello")
        yield Stream("late", (*(field for field in _post((b"x", b"y")) if field != twice), twice), b"hello")
