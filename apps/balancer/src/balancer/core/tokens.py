"""The named tokens: who may do what on the control port. Only their SHA-256 is known here."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from balancer.core.document import json_object, printable
from balancer.core.errors import InvalidRequest

MOST = 256
"""The most tokens in a file."""
SIZE_LIMIT = 65536
"""Bytes of the longest file."""
OPERATOR = "operator"
"""The name of the one token that is a setting. No token of the file may have it."""
EXAMPLE = '{"alice":{"sha256":"<64 hex digits>","role":"change"}}'

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Role(StrEnum):
    READ = "read"  # may see everything and change nothing
    CHANGE = "change"  # may do everything


@dataclass(frozen=True, slots=True)
class Token:
    name: str
    sha256: str
    role: Role


def parse(content: bytes) -> tuple[Token, ...]:
    """The tokens in the content of a file. Raises InvalidRequest."""
    if len(content) > SIZE_LIMIT:
        raise InvalidRequest(f"it is longer than {SIZE_LIMIT} bytes")
    try:
        document = json_object(content, example=EXAMPLE)
    except InvalidRequest as error:
        raise InvalidRequest(str(error).replace("the body is", "it is").replace("; send", "; write")) from None
    if len(document) > MOST:
        raise InvalidRequest(f"it has {len(document)} tokens, more than {MOST}")
    tokens = tuple(_token(name, entry) for name, entry in document.items())
    if len({token.sha256 for token in tokens}) < len(tokens):
        raise InvalidRequest("two of its names have the same token: make one for each")
    return tokens


def holder(tokens: Iterable[Token], sha256: str) -> Token | None:
    """The token with this SHA-256. It takes the same time whichever it is, and where it is none."""
    found = None
    for token in tokens:
        if hmac.compare_digest(sha256, token.sha256):
            found = token
    return found


def _token(name: str, entry: object) -> Token:
    shown = printable(name)
    if not _NAME.fullmatch(name) or name == OPERATOR:
        raise InvalidRequest(f"{shown} is no name for a token: 1 to 64 letters, digits or . _ @ -, not {OPERATOR}")
    if not isinstance(entry, dict) or entry.keys() != {"sha256", "role"}:
        raise InvalidRequest(f"{shown} must have exactly sha256 and role, as in {EXAMPLE}")
    if not isinstance(entry["sha256"], str) or not _SHA256.fullmatch(entry["sha256"]):
        raise InvalidRequest(f"{shown}: sha256 must be 64 hex digits in lower case, as sha256sum prints them")
    if entry["role"] not in tuple(Role):
        raise InvalidRequest(f"{shown}: role must be {' or '.join(map(json.dumps, Role))}")
    return Token(name, entry["sha256"], Role(entry["role"]))
