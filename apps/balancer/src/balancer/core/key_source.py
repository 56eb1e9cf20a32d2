"""Where a request's key comes from, each source declared once with its Python form and its HAProxy sample.

A key is bytes exactly as the client wrote them, nothing decoded. A request whose key is missing or empty is keyed by
its random request id, as all requests are by default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from balancer.core.errors import InvalidRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What of a request a key can come from. `path` and `query` as on the request line (`query` without its '?'),
    `headers` by name in lower case (of a repeated one the last), `client` the peer's address as text."""

    path: bytes
    query: bytes
    headers: Mapping[str, bytes]
    client: bytes


@dataclass(frozen=True, slots=True)
class SourceType:
    """`read(message, name)` gives the key, empty where there is none; `sample` is HAProxy's, `{name}` in it standing
    for the name; `name_pattern` is the regular
    expression of such a name, empty where there is none."""

    read: Callable[[Message, str], bytes]
    sample: str
    name_pattern: str = ""


# The two readers below do what HAProxy's req.cook and url_param do, to the letter: what a broken header means is
# nowhere written down, and both data planes have to agree on it.
_QUOTED = rb'"(?:\\.|[^"\\])*(?:"|\\?\Z)'
_LIST_ITEM = re.compile(rb"(?:%b|[^,\"])*" % _QUOTED, re.DOTALL)
_PAIR = re.compile(rb"([^=;,]*)(?:=((?:%b|[^,;\"])*))?" % _QUOTED, re.DOTALL)


def _pieces(pattern: re.Pattern[bytes], text: bytes, start: int = 0) -> Iterator[re.Match[bytes]]:
    """What the pattern matches from `start` on, again and again, one delimiter after each."""
    while start <= len(text) and (found := pattern.match(text, start)):
        yield found
        start = found.end() + 1


def _cookie(message: Message, name: str) -> bytes:
    """The last cookie of that name. Commas separate cookies as semicolons do, unless they stand in double quotes, which
    belong to the value."""
    value = b""
    for item in _pieces(_LIST_ITEM, message.headers.get("cookie", b"")):
        text = item[0].strip(b" \t")
        for pair in _pieces(_PAIR, text):
            is_long_enough = pair.start() + len(name) + 1 < len(text)
            if is_long_enough and pair[2] is not None and pair[1].strip(b" \t") == name.encode():
                value = pair[2].strip(b" \t")
    return value


def _query(message: Message, name: str) -> bytes:
    """The first parameter of that name that has a '=', as it stands there."""
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
"""`lower` makes an address text, as HAProxy prints it; without it the hash would be of its 4 or 16 bytes."""


@dataclass(frozen=True, slots=True)
class KeySource:
    """Written `random`, `header:X-User`, `cookie:session`, `query:user`, `path` or `address`."""

    type: str = "random"
    name: str = ""

    @classmethod
    def parse(cls, text: object) -> KeySource:
        """Raises InvalidRequest, naming the choices."""
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
        """The key in the message; empty where there is none."""
        return SOURCE_TYPES[self.type].read(message, self.name)

    @property
    def sample(self) -> str:
        """HAProxy's sample of the same."""
        return SOURCE_TYPES[self.type].sample.format(name=self.name)


RANDOM = KeySource()
