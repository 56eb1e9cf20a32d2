"""Requests that try to make two readers see different boundaries: the known classes of request smuggling, as data.

Every case is what one client sends on one connection. It has up to three heads with targets of their own: `/a-…` is
the attack, `/s-…` is hidden in it, and `/v-…` comes behind as the next client's would on a shared connection.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

NUMBER = b"#####"
HIDDEN = b"GET /s-##### HTTP/1.1\r\nHost: x\r\n\r\n"
VICTIM = b"GET /v-##### HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
FORM = b"hello"


@dataclass(frozen=True, slots=True)
class Case:
    """`readings`: the heads that a server may see, in this order: "asv" for all three, "" for none. Where it sees fewer
    of them, the rest must have been refused. `waits`: by one of the readings the request is not complete, so the plane
    may wait for more."""

    kind: str
    sent: bytes
    readings: tuple[str, ...]
    waits: bool = False


def cases() -> list[Case]:
    """All of them, each distinct, with its number in the targets."""
    found = dict.fromkeys(case for source in _SOURCES for case in source())
    distinct = {case.sent: case for case in found}
    return [
        Case(case.kind, case.sent.replace(NUMBER, b"%05d" % number), case.readings, case.waits)
        for number, case in enumerate(distinct.values())
    ]


def post(*fields: bytes, body: bytes = b"", method: bytes = b"POST", target: bytes = b"/a-#####") -> bytes:
    """A request with these header lines, as they are, and a victim behind it."""
    lines = b"".join(line + b"\r\n" for line in (b"Host: x", *fields))
    return b"%b %b HTTP/1.1\r\n%b\r\n%b%b" % (method, target, lines, body, VICTIM)


def chunked(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)


REFUSED = ("",)
EITHER = ("asv", "av", "a")
"""What two honest readers may see. That both see the same is asserted of what the plane passes on."""

ENDS = ("a", "")
LOOSE = ("asv", "a", "sv", "")
"""For requests with one clear framing that may be refused for something else."""

_GOOD_ENCODINGS = (b"chunked", b"Chunked", b"CHUNKED", b"chunKed", b" chunked", b"\tchunked", b"chunked ", b"chunked\t")
_LISTS = (b"chunked,", b",chunked", b", chunked ,", b"chunked ,")
"""Empty elements of a list: RFC 9110, 5.6.1.2 lets a recipient ignore them."""
_BAD_ENCODINGS = (
    *(b"xchunked", b"chunkedx", b"chunk", b"cow", b'"chunked"', b"'chunked'", b"chunked;q=1", b"chunked;", b";chunked"),
    *(b"identity", b"chunked, identity", b"identity, chunked", b"identity,chunked,", b"chunked, chunked"),
    *(b"gzip", b"gzip, chunked", b"chunked, gzip", b"deflate", b"compress, chunked", b"chunked, cow", b"cow, chunked"),
    *(b"", b" ", b"chunked foo", b"foo chunked", b"chun ked", b"chun\tked", b"chunked\\", b"[chunked]", b"chunked:x"),
    *(b"\x0bchunked", b"chunked\x0b", b"\x0cchunked", b"chunked\x0c", b"\x00chunked", b"chunked\x00", b"chu\x00nked"),
    *(b"\xffchunked", b"chunked\xff", b"\xc2\xa0chunked", b"chunked\xc2\xa0", b"\xe2\x84\xaahunked", b"\x7fchunked"),
    *(b"chun\xe2\x84\xaaed", b"\x85chunked", b"chunked\xa0", b"\xef\xbb\xbfchunked", b"%63hunked", b"chunked%00"),
    *(b"\r\n chunked", b"\r\n\tchunked", b"chu\r\n nked", b"chunked\r\n ", b"chunked\r\n , identity", b"\n chunked"),
    *(b"chunked\r", b"\rchunked", b"chunked\n", b"chunked\n X: y", b"chunked\rX: y", b"chunked\r\r"),
)
_OTHER_NAMES = (b"X-Transfer-Encoding", b"Transfer_Encoding", b"TransferEncoding", b"Transfer--Encoding", b"Encoding")
_BAD_NAMES = (
    *(
        b"Transfer-Encoding ",
        b"Transfer-Encoding\t",
        b" Transfer-Encoding",
        b"\tTransfer-Encoding",
        b"Transfer Encoding",
    ),
    *(
        b"Transfer-Encoding\x00",
        b"\x00Transfer-Encoding",
        b"\xffTransfer-Encoding",
        b"Transfer-Encoding\x0b",
        b"\x0bTE",
    ),
    *(b"Transfer-\r\n Encoding", b"X: y\nTransfer-Encoding", b"X: y\rTransfer-Encoding", b"Transfer-Enc\xf6ding", b""),
    *(
        b'"Transfer-Encoding"',
        b"(Transfer-Encoding)",
        b"Transfer-Encoding\r",
        b"\rTransfer-Encoding",
        b"Transfer\x7fEncoding",
    ),
)
_HIDING = (b"0\r\n\r\n" + HIDDEN, chunked(HIDDEN), chunked(FORM) + HIDDEN)
"""Bodies. A reader of chunks sees the hidden request as the next one, as a body, and as the next one again."""
_SEEN_IN_CHUNKS = ("asv", "av", "asv")


def _length_and_chunks() -> Iterator[Case]:
    """CL.TE and TE.CL: chunks win over a length, and the connection ends (RFC 9112, 6.1)."""
    for body in _HIDING:
        for length in {0, 1, 3, 4, 5, 6, len(body) - 1, len(body), len(body) + 1, len(body + VICTIM), 999}:
            for name in (b"Content-Length", b"content-length", b"CONTENT-LENGTH"):
                field = b"%b: %d" % (name, length)
                for encoding in (b"chunked", b"Chunked"):
                    both = (field, b"Transfer-Encoding: " + encoding)
                    yield Case("CL.TE", post(*both, body=body), ENDS)
                    yield Case("TE.CL", post(*reversed(both), body=body), ENDS)


def _encodings() -> Iterator[Case]:
    """TE.TE: spellings that one reader knows and another one does not."""
    for number, body in enumerate(_HIDING):
        lengths = ((), (b"Content-Length: %d" % len(body),), (b"Content-Length: 5",))
        for length in lengths:
            for value in _GOOD_ENCODINGS + _LISTS:
                seen = (_SEEN_IN_CHUNKS[number],)
                readings = ENDS if length else (*seen, "") if value in _LISTS else seen
                yield Case("TE spelling", post(*length, b"Transfer-Encoding:" + value, body=body), readings)
            for value in _BAD_ENCODINGS if number < 2 else ():
                # A line end may be a bare LF (RFC 9112, 2.2), and a folded line may be unfolded (5.2).
                is_repaired = b"\n" in value
                readings = (*EITHER, "") if is_repaired else REFUSED
                yield Case("TE.TE", post(*length, b"Transfer-Encoding: " + value, body=body), readings, is_repaired)
        for name in _BAD_NAMES if number < 2 else ():
            is_repaired = b"\n" in name or name[:1] in (b" ", b"\t")
            readings = (*EITHER, "") if is_repaired else REFUSED
            for length in lengths[:2]:
                yield Case("TE name", post(*length, name + b": chunked", body=body), readings, is_repaired)
        for name in _OTHER_NAMES:
            yield Case("TE name", post(lengths[1][0], name + b": chunked", body=body), ("av", ""))
    for first, second in (
        *((b"chunked", b"identity"), (b"identity", b"chunked"), (b"chunked", b"cow"), (b"cow", b"chunked")),
        *((b"chunked", b"chunked"), (b"", b"chunked"), (b"chunked", b""), (b"chunked", b"x"), (b"gzip", b"chunked")),
    ):
        for length in ((), (b"Content-Length: 5",)):
            lines = (b"Transfer-Encoding: " + first, b"transfer-encoding: " + second)
            yield Case(
                "TE twice", post(*length, *lines, body=_HIDING[0]), ("asv", "") if b"" in (first, second) else REFUSED
            )


_LENGTHS_OF_5 = (b"5", b" 5", b"5 ", b"\t5", b"5\t", b"05", b"0000000005")
_NO_LENGTHS = (
    *(
        b"+5",
        b"-5",
        b"--5",
        b"-0",
        b"+0",
        b"0x5",
        b"0X5",
        b"5x",
        b"x5",
        b"5.0",
        b"5e0",
        b"5;",
        b"5;q=1",
        b"5 5",
        b"0b101",
    ),
    *(
        b"0o5",
        b"1_0",
        b"5_",
        b"NaN",
        b"",
        b" ",
        b"'5'",
        b'"5"',
        b"\xef\xbc\x95",
        b"\xd9\xa5",
        b"5\x00",
        b"\x005",
        b"\x0b5",
    ),
    *(
        b"5\x0b",
        b"\x0c5",
        b"5\xa0",
        b"\xc2\xa05",
        b"5\r",
        b"\r5",
        b"5\x7f",
        b"0-5",
        b"5/1",
        b"5%00",
        b"%35",
        b"five",
        b"5,6",
    ),
    *(
        b"6,5",
        b"5,x",
        b"0,5",
        b"5, 0",
        b"5,,6",
        b"18446744073709551621",
        b"18446744073709551616",
        b"9223372036854775813",
    ),
    *(b"4294967301", b"9" * 19, b"9" * 40, b"1" + b"0" * 300, b"36893488147419103237", b"-18446744073709551611"),
)
_PERHAPS_5 = (b"5,5", b"5, 5", b"5 ,5", b"5,", b",5", b"05,5", b"\r\n 5", b"5\r\n ", b"\n 5", b"5\n", b"5\nX: y")
"""RFC 9112 lets a recipient take them or refuse them."""


def _lengths() -> Iterator[Case]:
    for method in (b"POST", b"PUT", b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"BREW"):
        for value in _LENGTHS_OF_5:
            yield Case("CL", post(b"Content-Length:" + value, body=FORM + HIDDEN, method=method), ("asv",))
        for value in _NO_LENGTHS if method in (b"POST", b"GET") else _NO_LENGTHS[::9]:
            is_huge = len(value) > 9 and value.isdigit()
            sent = post(b"Content-Length: " + value, body=FORM + HIDDEN, method=method)
            yield Case("CL", sent, ("", "a") if is_huge else REFUSED, is_huge)
        for value in _PERHAPS_5:
            yield Case("CL", post(b"Content-Length: " + value, body=FORM + HIDDEN, method=method), ("asv", ""), True)
    for first, second in (
        *(
            (b"5", b"5"),
            (b"5", b"05"),
            (b"5", b"6"),
            (b"6", b"5"),
            (b"0", b"5"),
            (b"5", b"0"),
            (b"5", b"x"),
            (b"x", b"5"),
        ),
        *((b"5", b""), (b"", b"5"), (b"5", b"+5"), (b"-1", b"5"), (b"5", b"40"), (b"40", b"5")),
    ):
        for names in ((b"Content-Length", b"Content-Length"), (b"content-length", b"CONTENT-LENGTH")):
            lines = (names[0] + b": " + first, names[1] + b": " + second)
            same = first.lstrip(b"0") == second.lstrip(b"0") == b"5"
            yield Case("CL twice", post(*lines, body=FORM + HIDDEN), ("asv", "") if same else REFUSED)
            yield Case(
                "CL twice", post(lines[0], b"X: y", lines[1], body=FORM + HIDDEN), ("asv", "") if same else REFUSED
            )
    for name in (b"Content_Length", b"X-Content-Length", b"ContentLength", b"Content--Length"):
        yield Case("CL name", post(name + b": 99", body=HIDDEN), ("asv", ""))
        yield Case("CL name", post(b"Content-Length: 5", name + b": 0", body=FORM + HIDDEN), ("asv", ""))
    for name in (
        b"Content-Length ",
        b"Content-Length\t",
        b"Content Length",
        b"Content-Length\x00",
        b"\x00Content-Length",
    ):
        yield Case("CL name", post(name + b": 5", body=FORM + HIDDEN), REFUSED)


_SIZES_OF_5 = (b"5", b"05", b"005", b"0000005", b"5;a", b"5;a=b", b'5;a="b"', b"5;a=b;c=d", b"5 ;a", b"5; a", b"5;")
_NO_SIZES = (
    *(
        b"",
        b" ",
        b"+5",
        b"-5",
        b"-1",
        b"0x5",
        b"0X5",
        b"x5",
        b"5x",
        b"5g",
        b"5h",
        b"5.",
        b"5,",
        b"5=",
        b"5:",
        b"5_",
        b"_5",
    ),
    *(
        b"\x005",
        b"5\x00",
        b"\x0b5",
        b"5\x0b",
        b"\x0c5",
        b"5\xff",
        b"\xff5",
        b"5\x7f",
        b"'5'",
        b'"5"',
        b"5 5",
        b"#5",
        b"\t\t",
    ),
    *(b"100000005", b"10000000000000005", b"100000000000000000000000000000005", b"f" * 16, b"f" * 17, b"8" + b"0" * 15),
    *(
        b"\xef\xbc\x95",
        b"5/",
        b"5\\",
        b"5%",
        b"%35",
        b"5|",
        b"5(",
        b"five",
        b"z",
        b"--",
        b"0-5",
        b"5\r",
        b"\r5",
        b"5\rX",
    ),
)
_PERHAPS_SIZES = (
    *(b"5 ", b"5\t", b" 5", b"\t5", b"5  ", b"5;a\n", b"5\n", b'5;a="\n"', b"5;a\r", b"5;\x00", b"5;\x0b", b"5;\xff"),
    *(b'5;a="', b"5;a='", b"5;=", b"5;;", b"5;\r0", b"5;\n0", b"5;a=b\n0", b"0" * 20 + b"5", b"5;" + b"a" * 200),
)
"""Readers are lenient about blanks and extensions. What is passed on has neither."""


def _chunk_sizes() -> Iterator[Case]:
    rest = b"\r\n0\r\n\r\n"
    for encoding in (b"Transfer-Encoding: chunked", b"transfer-encoding:chunked"):
        for size in _SIZES_OF_5:
            yield Case("chunk size", post(encoding, body=size + b"\r\nhello" + rest + HIDDEN), ("asv", ""))
        for size in _NO_SIZES:
            is_huge = len(size) > 8 and size.isalnum()
            sent = post(encoding, body=size + b"\r\nhello" + rest + HIDDEN)
            yield Case("chunk size", sent, REFUSED, is_huge)
        for size in _PERHAPS_SIZES:
            sent = post(encoding, body=size + b"\r\nhello" + rest + HIDDEN)
            yield Case("chunk size", sent, (*EITHER, ""), True)
        for size in _NO_SIZES + _PERHAPS_SIZES:
            zero = size.replace(b"5", b"0").replace(b"five", b"zero")
            body = b"5\r\nhello\r\n" + zero + b"\r\n\r\n" + HIDDEN
            yield Case("last chunk", post(encoding, body=body), (*EITHER, ""), True)
    for end in (
        b"",
        b"\n",
        b"\r",
        b"\n\r",
        b"\r\r\n",
        b"\n\n",
        b"x\r\n",
        b" \r\n",
        b"\x00\r\n",
        b"\r\n\r\n",
        b"\x00\x00",
        b"ab",
    ):
        sent = post(b"Transfer-Encoding: chunked", body=b"5\r\nhello" + end + b"0\r\n\r\n" + HIDDEN)
        yield Case("chunk end", sent, ("asv", "") if end == b"\n" else REFUSED, end == b"")
        sent = post(b"Transfer-Encoding: chunked", body=b"5" + end + b"hello\r\n0\r\n\r\n" + HIDDEN)
        yield Case("chunk end", sent, (*EITHER, ""), True)
        sent = post(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0" + end + b"\r\n" + HIDDEN)
        yield Case("last chunk", sent, (*EITHER, ""), True)
        sent = post(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n" + end + HIDDEN)
        yield Case("last chunk", sent, (*EITHER, ""), True)


def _trailers() -> Iterator[Case]:
    for line in (
        *(b"X: y", b"Host: evil", b"Content-Length: 99", b"Content-Length: 0", b"Transfer-Encoding: chunked", b"X"),
        *(
            b"Transfer-Encoding: identity",
            b"Authorization: Bearer x",
            b"X-Forwarded-For: 192.0.2.66",
            b"Forwarded: for=x",
        ),
        *(
            b"GET /s-##### HTTP/1.1",
            b"X : y",
            b" X: y",
            b"X: y\r\n z",
            b"X: y\nZ: 1",
            b"X: y\rZ: 1",
            b"X\x00: y",
            b"X: \x00y",
        ),
        *(
            b": y",
            b"X: " + b"y" * 3000,
            b"Connection: close",
            b"Trailer: X",
            b"TE: trailers",
            b"X: y\n",
            b"X: y\r",
            b"\x0bX: y",
        ),
    ):
        for announced in ((), (b"Trailer: X",)):
            body = b"5\r\nhello\r\n0\r\n" + line + b"\r\n\r\n" + HIDDEN
            yield Case("trailer", post(b"Transfer-Encoding: chunked", *announced, body=body), (*EITHER, ""), True)


def _line_ends() -> Iterator[Case]:
    ends = (
        b"\n",
        b"\r",
        b"\n\r",
        b"\r\r\n",
        b"\r\n\n",
        b"\x0b",
        b"\x0c",
        b"\x85",
        b"\x1c",
        b"\x00\r\n",
        b" \r\n",
        b"\xe2\x80\xa8",
    )
    for end in ends:
        for framing, body in (
            (b"Content-Length: 5", FORM + HIDDEN),
            (b"Transfer-Encoding: chunked", chunked(FORM) + HIDDEN),
        ):
            pieces = [b"POST /a-##### HTTP/1.1", b"Host: x", b"X: y", framing, b"", body + VICTIM]
            for place in range(5):
                sent = b"".join(
                    piece + (end if number == place else b"\r\n" if number < 5 else b"")
                    for number, piece in enumerate(pieces)
                )
                yield Case("line end", sent, (*EITHER, ""), True)
            yield Case("line end", end.join(pieces), (*EITHER, ""), True)
    for before in (
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b"\x00",
        b"\x0b\r\n",
        b"\xef\xbb\xbf",
        b"x\r\n",
        b"\r\n\n",
    ):
        yield Case("line end", before + post(b"Content-Length: 5", body=FORM + HIDDEN), ("asv", ""), True)
        yield Case("line end", post(b"Content-Length: 5", body=FORM + before + HIDDEN), ("asv", "a"), True)


def _folding() -> Iterator[Case]:
    """What begins with a blank may be the line before it, or a header."""
    hidden = (
        b"Content-Length: 5",
        b"Transfer-Encoding: chunked",
        b"Host: evil",
        b"X-Forwarded-For: 192.0.2.66",
        b"y",
        b"",
    )
    for blank in (b" ", b"\t", b"  ", b" \t", b"\x0b", b"\x0c", b"\xa0"):
        for line in hidden:
            for before in ((), (b"X: y",), (b"Content-Length: 5",), (b"Cookie: a=1",)):
                sent = post(*before, blank + line, body=FORM + HIDDEN)
                yield Case("folding", sent, (*EITHER, ""), True)
    for name in (b"Host", b"Content-Length", b"Transfer-Encoding", b"X", b"Connection", b"Expect"):
        for blank in (b" ", b"\t", b"  ", b"\x0b", b"\x00", b"\xa0", b"\r", b"\r\n "):
            value = {b"Content-Length": b"5", b"Transfer-Encoding": b"chunked"}.get(name, b"y")
            sent = post(name + blank + b": " + value, body=FORM + HIDDEN)
            yield Case("blank before colon", sent, ("", "asv") if b"\n" in blank else REFUSED, b"\n" in blank)


def _hosts() -> Iterator[Case]:
    framed = b"Content-Length: 5\r\n\r\n" + FORM + HIDDEN + VICTIM
    for lines in (
        *(
            b"",
            b"Host: a\r\nHost: b",
            b"Host: a\r\nHost: a",
            b"Host: a\r\nhost: b",
            b"Host: a\r\n Host: b",
            b"Host: a, b",
        ),
        *(
            b"Host: a b",
            b"Host: a\tb",
            b"Host: a/b",
            b"Host: a?b",
            b"Host: a#b",
            b"Host: a@b",
            b"Host: a\\b",
            b"Host: a\x00b",
        ),
        *(
            b"Host: a:b",
            b"Host: a:80:80",
            b"Host: a:99999",
            b"Host: a:-1",
            b"Host: a:",
            b"Host: :80",
            b"Host: [::1",
            b"Host: [::1]",
        ),
        *(
            b"Host: \xe9",
            b"Host: a\xff",
            b"Host: <a>",
            b'Host: "a"',
            b"Host: a\x7f",
            b"Host: a\rb",
            b"Host: a\nX: b",
            b"Host: {a}",
        ),
        *(
            b"Host:",
            b"Host: ",
            b"Host: a.",
            b"Host: .",
            b"Host: %61",
            b"Host: a%00b",
            b"Host: a;b",
            b"Host: a|b",
            b"Host: http://a",
        ),
        *(
            b"Host : a",
            b"Host\t: a",
            b"Host",
            b"Host\x00: a",
            b"X: y\r\nHost: a",
            b"Host: a^b",
            b"Host: `a`",
            b"Host: " + b"a" * 300,
        ),
    ):
        sent = b"POST /a-##### HTTP/1.1\r\n" + (lines + b"\r\n" if lines else b"") + framed
        yield Case("Host", sent, LOOSE, True)
    for authority in (
        b"a",
        b"a:80",
        b"b",
        b"u@a",
        b"u:p@a",
        b"a:99999",
        b"[::1]",
        b"a b",
        b"a\\@b",
        b"",
        b"a/../b",
        b"%61",
        b"a%00",
    ):
        for scheme in (b"http", b"https", b"HTTP", b"ftp", b"ws", b"", b"http:", b"htt p"):
            for host in (b"a", b"b"):
                sent = b"POST %b://%b/a-##### HTTP/1.1\r\nHost: %b\r\n" % (scheme, authority, host) + framed
                yield Case("absolute form", sent, LOOSE, True)


def _targets() -> Iterator[Case]:
    for target in (
        *(
            b"/a-##### x",
            b"/a-#####\tx",
            b"/a-#####\x00",
            b"/a-#####\x0b",
            b"/a-#####\r",
            b"/a-#####\xff",
            b"/a-#####\xc3\xa9",
        ),
        *(
            b"/a-##### HTTP/1.1\r\nX: y",
            b"/a-##### HTTP/1.1\nX: y",
            b"/a-##### HTTP/1.0",
            b"/a-#####  ",
            b"/a-#####\\x",
            b"*",
        ),
        *(
            b"/a-#####?x y",
            b"/a-#####?x#y",
            b"/a-##### HTTP/1.1\r\n\r\nGET /s-#####",
            b" /a-#####",
            b"\t/a-#####",
            b"//a-#####",
        ),
        *(
            b"/a-#####;x",
            b"/a-#####/../x",
            b"/a-#####%0d%0aX:y",
            b"/a-#####%00",
            b"a-#####",
            b"a-#####:80",
            b"?a-#####",
            b"",
        ),
        *(
            b"/a-#####\x7f",
            b"/a-#####<>",
            b"/a-#####{}|^`",
            b'/a-#####"',
            b"/a-#####\n",
            b"/a-#####\x1f",
            b"/a-#####" + b"x" * 5000,
        ),
    ):
        for method in (b"POST", b"GET", b"CONNECT", b"OPTIONS"):
            sent = post(b"Content-Length: 5", body=FORM + HIDDEN, method=method, target=target)
            yield Case("target", sent, (*LOOSE, "assv"), True)
    for version in (
        *(
            b"HTTP/1.0",
            b"HTTP/0.9",
            b"HTTP/1.2",
            b"HTTP/1.9",
            b"HTTP/2.0",
            b"HTTP/2",
            b"HTTP/3.0",
            b"HTTP/1.1x",
            b"http/1.1",
            b"",
        ),
        *(
            b"HTTP/01.1",
            b"HTTP/1.10",
            b"HTTP/1.01",
            b"HTTP/ 1.1",
            b"HTTP /1.1",
            b"HTTP/1,1",
            b"HTTP/-1.1",
            b"HTTP/1.1 x",
            b"HTTPS/1.1",
        ),
        *(
            b"HTTP/1.\x31\x00",
            b"HTTP/1.1\t",
            b"\tHTTP/1.1",
            b"HTTP/1.1 ",
            b"HTTP/11",
            b"HTTP/1",
            b"ICY/1.1",
            b"RTSP/1.0",
            b"HTTP/9.9",
        ),
    ):
        for framing, body in ((b"Content-Length: 5", FORM), (b"Transfer-Encoding: chunked", chunked(FORM))):
            for field in (b"X: y", b"Connection: keep-alive", b"Connection: close"):
                sent = b"POST /a-##### %b\r\nHost: x\r\n%b\r\n%b\r\n\r\n%b" % (version, field, framing, body)
                yield Case("version", sent + HIDDEN + VICTIM, LOOSE, True)
    for line in (
        b"GET /a-#####\r\n",
        b"GET /a-#####\n",
        b"GET /a-#####\r\n\r\n",
        b"POST /a-#####\r\n\r\n",
        b"GET  \r\n\r\n",
    ):
        yield Case("HTTP/0.9", line + HIDDEN + VICTIM, REFUSED, True)


def _methods() -> Iterator[Case]:
    for method in (
        *(
            b"get",
            b"Post",
            b"PO ST",
            b"PO\tST",
            b"P\x00ST",
            b"POST\x0b",
            b"\xffPOST",
            b"P(ST",
            b"",
            b" POST",
            b"P:OST",
            b"P\rOST",
        ),
        *(
            b"P" * 300,
            b"POST\r\nX",
            b"M-SEARCH",
            b"P_ST",
            b'"POST"',
            b"P/ST",
            b"TRACE",
            b"CONNECT",
            b"PRI",
            b"SEARCH",
            b"@",
            b"P\nOST",
        ),
    ):
        for framing, body in (
            (b"Content-Length: 5", FORM),
            (b"Transfer-Encoding: chunked", chunked(FORM)),
            (b"X: y", b""),
        ):
            yield Case("method", post(framing, body=body + HIDDEN, method=method), LOOSE, True)


def _hop_by_hop() -> Iterator[Case]:
    for named in (
        b"Content-Length",
        b"Transfer-Encoding",
        b"Host",
        b"close, Content-Length",
        b"X-Forwarded-For",
        b"keep-alive",
    ):
        for named_as in (named, named.lower(), b"close, " + named, named + b", " + named):
            for framing, body in (
                *(
                    (b"Content-Length: 5", FORM),
                    (b"Transfer-Encoding: chunked", chunked(FORM)),
                    (b"Content-Length: 40", FORM),
                ),
            ):
                is_short = framing.endswith(b"40")
                sent = post(b"Connection: " + named_as, framing, body=body + HIDDEN)
                yield Case("Connection", sent, ("av", "a") if is_short else ("asv", "a"), True)
    for line in (
        b"Keep-Alive: timeout=5",
        b"Proxy-Connection: keep-alive",
        b"TE: trailers",
        b"TE: chunked",
        b"Connection: TE\r\nTE: x",
    ):
        yield Case("Connection", post(line, b"Content-Length: 5", body=FORM + HIDDEN), ("asv",))
    for upgrade in (
        *(
            b"h2c",
            b"H2C",
            b"h2c, websocket",
            b"websocket, h2c",
            b" h2c",
            b"h2c/1",
            b"h2",
            b"websocket",
            b"TLS/1.0",
            b"HTTP/2.0",
        ),
    ):
        for connection in (b"Upgrade", b"Upgrade, HTTP2-Settings", b"HTTP2-Settings", b"close", b"upgrade"):
            for framing, body in ((b"Content-Length: 5", FORM), (b"Content-Length: 0", b""), (b"X: y", b"")):
                lines = (
                    b"Upgrade: " + upgrade,
                    b"Connection: " + connection,
                    b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
                )
                for method in (b"POST", b"GET"):
                    sent = post(*lines, framing, body=body + HIDDEN, method=method)
                    yield Case("Upgrade", sent, LOOSE, True)


def _expectations() -> Iterator[Case]:
    for expected in (
        b"100-continue",
        b"100-Continue",
        b"100-continue, x",
        b"200-ok",
        b"",
        b"x\r\n 100-continue",
        b"100-continue\x00",
    ):
        for framing, body in (
            *(
                (b"Content-Length: 5", FORM),
                (b"Transfer-Encoding: chunked", chunked(FORM)),
                (b"Content-Length: 0", b""),
            ),
            *((b"X: y", b""), (b"Content-Length: 5\r\nTransfer-Encoding: chunked", chunked(FORM))),
        ):
            for method in (b"POST", b"GET", b"HEAD"):
                sent = post(b"Expect: " + expected, framing, body=body + HIDDEN, method=method)
                yield Case("Expect", sent, LOOSE, True)


def _bytes_in_headers() -> Iterator[Case]:
    for byte in (*range(33), 34, 40, 44, 47, 58, 59, 64, 92, 127, 128, 133, 160, 255):
        odd = bytes([byte])
        for line in (b"X%bY: z" % odd, b"X: y%bz" % odd, b"%bX: y" % odd, b"X%b: y" % odd):
            yield Case("bytes", post(line, b"Content-Length: 5", body=FORM + HIDDEN), (*EITHER, ""), True)


def _embedded() -> Iterator[Case]:
    """Well-formed requests whose bodies look like requests, and pipelines."""
    for method in (b"POST", b"PUT", b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"PATCH", b"PROPFIND"):
        for hidden in (
            HIDDEN,
            HIDDEN * 3,
            VICTIM,
            b"0\r\n\r\n" + HIDDEN,
            b"\r\n\r\n" + HIDDEN,
            b"\n" + HIDDEN,
            b"x=" + HIDDEN,
        ):
            yield Case("embedded", post(b"Content-Length: %d" % len(hidden), body=hidden, method=method), ("av",))
            yield Case("embedded", post(b"Transfer-Encoding: chunked", body=chunked(hidden), method=method), ("av",))
        for body in (b"", FORM):
            yield Case("pipeline", post(b"Content-Length: %d" % len(body), body=body + HIDDEN, method=method), ("asv",))
            chunks = chunked(body) if body else b"0\r\n\r\n"
            yield Case("pipeline", post(b"Transfer-Encoding: chunked", body=chunks + HIDDEN, method=method), ("asv",))
        yield Case("pipeline", post(body=HIDDEN, method=method), ("asv",))


def _false_origins() -> Iterator[Case]:
    """They pretend to be the edge, which tells the balancer the client's address in this header."""
    name = b"X-Ringmaster-Client"
    for line in (
        name + b": 127.0.0.1",
        name + b": 127.0.0.1\r\n" + name.lower() + b": 127.0.0.2",
        b"X_Ringmaster_Client: 127.0.0.1",
        b"X-Ringmaster_Client: 127.0.0.1",
        name + b" : 127.0.0.1",
        b"X: y\r\n " + name + b": 127.0.0.1",
        b"X: y\n" + name + b": 127.0.0.1",
        b"X: y\r" + name + b": 127.0.0.1",
        b"Connection: " + name,
        b"Connection: close, " + name + b"\r\n" + name + b": 127.0.0.1",
    ):
        for method in (b"GET", b"POST"):
            sent = post(line, b"Content-Length: 5", body=FORM + HIDDEN, method=method)
            yield Case("false origin", sent, (*EITHER, ""), True)
    trailer = b"5\r\nhello\r\n0\r\n" + name + b": 127.0.0.1\r\n\r\n" + HIDDEN
    yield Case("false origin", post(b"Transfer-Encoding: chunked", body=trailer), ("asv", ""), True)


def _mixed() -> Iterator[Case]:
    """Combinations of two oddities, drawn with a fixed seed."""
    chance = random.Random(16)  # noqa: S311 (it must repeat itself)
    odd = (
        *(b"Transfer-Encoding: " + value for value in _GOOD_ENCODINGS + _BAD_ENCODINGS),
        *(b"Content-Length: " + value for value in _LENGTHS_OF_5 + _NO_LENGTHS + _PERHAPS_5),
        *(name + b": chunked" for name in _BAD_NAMES),
        *(b"Connection: Transfer-Encoding", b"Connection: Content-Length", b"Expect: 100-continue", b"Upgrade: h2c"),
    )
    sizes = _SIZES_OF_5 + _NO_SIZES + _PERHAPS_SIZES
    for _ in range(300):
        lines = chance.sample(odd, 2)
        body = chance.choice((*_HIDING, FORM + HIDDEN, chance.choice(sizes) + b"\r\nhello\r\n0\r\n\r\n" + HIDDEN))
        yield Case("mixed", post(*lines, body=body), (*EITHER, ""), True)


_SOURCES = (
    *(_length_and_chunks, _encodings, _lengths, _chunk_sizes, _trailers, _line_ends, _folding, _hosts, _targets),
    *(_methods, _hop_by_hop, _expectations, _bytes_in_headers, _embedded, _false_origins, _mixed),
)
