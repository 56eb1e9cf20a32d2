"""Key sources: where a request's key comes from. Each has one Python form and one HAProxy sample, declared together.

A key is the bytes that the client wrote; nothing is decoded. A request whose key is missing or empty (a keyless
request) has its random request id for a key. By default all requests have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from balancer.core.errors import InvalidRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The parts of a request that a key can come from. `path` and `query` are as on the request line, `query` without
    its '?'. `headers`: name in lower case → value, the last one of a repeated header. `client`: the peer's address as
    text."""

    path: bytes
    query: bytes
    headers: Mapping[str, bytes]
    client: bytes


@dataclass(frozen=True, slots=True)
class SourceType:
    """`read(message, name)` returns the key, empty where the message has none. `sample` is HAProxy's sample expression;
    `{name}` in it stands for the name. `name_pattern` is the regular expression of a valid name, empty where the source
    takes no name."""

    read: Callable[[Message, str], bytes]
    sample: str
    name_pattern: str = ""


# The two readers below do exactly what HAProxy's req.cook and url_param do. No standard says what a broken header
# means, and both data planes have to agree on it.
_QUOTED = rb'"(?:\\.|[^"\\])*(?:"|\\?\Z)'
_LIST_ITEM = re.compile(rb"(?:%b|[^,\"])*" % _QUOTED, re.DOTALL)
_PAIR = re.compile(rb"([^=;,]*)(?:=((?:%b|[^,;\"])*))?" % _QUOTED, re.DOTALL)


def _pieces(pattern: re.Pattern[bytes], text: bytes, start: int = 0) -> Iterator[re.Match[bytes]]:
    """All matches of the pattern from `start` on, with one delimiter after each."""
    while start <= len(text) and (found := pattern.match(text, start)):
        yield found
        start = found.end() + 1


def _cookie(message: Message, name: str) -> bytes:
    """The value of the last cookie of that name. Commas separate cookies as semicolons do, except within double quotes.
    The quotes belong to the value."""
    value = b""
    for item in _pieces(_LIST_ITEM, message.headers.get("cookie", b"")):
        text = item[0].strip(b" \t")
        for pair in _pieces(_PAIR, text):
            is_long_enough = pair.start() + len(name) + 1 < len(text)
            if is_long_enough and pair[2] is not None and pair[1].strip(b" \t") == name.encode():
                value = pair[2].strip(b" \t")
    return value


def _query(message: Message, name: str) -> bytes:
    """The value of the first parameter of that name that has a '=', not decoded."""
    pairs = (pair.partition(b"=") for pair in re.split(b"[&;?]", message.query))
    return next((value for key, equals, value in pairs if equals and key == name.encode()), b"")


_HEADER = r"[A-Za-z0-9][A-Za-z0-9.~-]{0,63}"
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.~-]{0,63}"

SOURCE_TYPES: dict[str, SourceType] = {
    "random": SourceType(lambda _message, _name: b"", ""),
    "header": SourceType(lambda message, name: message.headers.get(name.lower(), b""), "req.fhdr({name})", _HEADER),
    "cookie": SourceType(_cookie, "req.cook({name})", _NAME),
    "query": SourceType(_query, "url_param({name})", _NAME),
    "path": SourceType(lambda message, _name: message.path, "path"),
    "address": SourceType(lambda message, _name: message.client, "src,lower"),
}
"""`lower` turns an address into text. Without it HAProxy would hash the 4 or 16 bytes of the address."""


@dataclass(frozen=True, slots=True)
class KeySource:
    """Written `random`, `header:X-User`, `cookie:session`, `query:user`, `path` or `address`."""

    type: str = "random"
    name: str = ""

    @classmethod
    def parse(cls, text: object) -> KeySource:
        """The key source that a text names. Raises InvalidRequest, which names the choices."""
        source_type, _, name = text.partition(":") if isinstance(text, str) else ("", "", "")
        if source_type not in SOURCE_TYPES or not re.fullmatch(SOURCE_TYPES[source_type].name_pattern, name):
            raise InvalidRequest(
                "key must be one of random, header:NAME, cookie:NAME, query:NAME, path, address; a NAME has up to "
                "64 letters, digits and . ~ - (cookies and parameters: _ as well)"
            )
        return cls(source_type, name)

    def __str__(self) -> str:
        return f"{self.type}:{self.name}" if self.name else self.type

    @property
    def is_random(self) -> bool:
        return self.type == "random"

    def read(self, message: Message) -> bytes:
        """The key of the message, empty where the message has none."""
        return SOURCE_TYPES[self.type].read(message, self.name)

    @property
    def sample(self) -> str:
        """HAProxy's sample expression of the same key."""
        return SOURCE_TYPES[self.type].sample.format(name=self.name)


RANDOM = KeySource()
