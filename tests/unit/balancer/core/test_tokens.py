"""What a file of named tokens may say, and whose a token is."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256

import pytest

from balancer.core import tokens
from balancer.core.errors import InvalidRequest
from balancer.core.tokens import MOST, SIZE_LIMIT, Role, Token, holder, parse

ONE, TWO = sha256(b"one").hexdigest(), sha256(b"two").hexdigest()


def content(**entries: object) -> bytes:
    return json.dumps(entries).encode()


def test_a_file_has_tokens_with_names_and_roles() -> None:
    text = content(alice={"sha256": ONE, "role": "change"}, bob={"sha256": TWO, "role": "read"})
    assert parse(text) == (Token("alice", ONE, Role.CHANGE), Token("bob", TWO, Role.READ))


def test_a_file_may_have_no_token() -> None:
    assert parse(b"{}") == ()


@pytest.mark.parametrize("name", ["a", "Alice", "ci.deploy", "alice@example", "a" * 64, "0-_"])
def test_these_names_are_good(name: str) -> None:
    assert parse(content(**{name: {"sha256": ONE, "role": "read"}}))[0].name == name


ENTRY = f'{{"sha256":"{ONE}","role":"read"}}'
BROKEN = [
    (b"", "it is not JSON; write for example"),
    (b"\xff", "it is not JSON"),
    (b"[]", "it is not a JSON object"),
    (b"null", "it is not a JSON object"),
    (f'{{"a":{ENTRY},"a":{ENTRY}}}'.encode(), '"a" is given twice'),
    (f'{{"a":{{"sha256":"{ONE}","role":"read","role":"change"}}}}'.encode(), '"role" is given twice'),
    (content(a=None), "must have exactly sha256 and role"),
    (content(a={"sha256": ONE}), "must have exactly sha256 and role"),
    (content(a={"sha256": ONE, "role": "read", "until": 1}), "must have exactly sha256 and role"),
    (content(a={"sha256": ONE, "role": "admin"}), 'role must be "read" or "change"'),
    (content(a={"sha256": ONE, "role": ["read"]}), 'role must be "read" or "change"'),
    (content(a={"sha256": "secret", "role": "read"}), "sha256 must be 64 hex digits"),
    (content(a={"sha256": ONE.upper(), "role": "read"}), "sha256 must be 64 hex digits"),
    (content(a={"sha256": ONE + "\n", "role": "read"}), "sha256 must be 64 hex digits"),
    (content(a={"sha256": 1, "role": "read"}), "sha256 must be 64 hex digits"),
    (content(operator={"sha256": ONE, "role": "read"}), '"operator" is no name for a token'),
    (content(**{"": {"sha256": ONE, "role": "read"}}), '"" is no name for a token'),
    (content(**{"a b": {"sha256": ONE, "role": "read"}}), "is no name for a token"),
    (content(é={"sha256": ONE, "role": "read"}), "is no name for a token"),
    (content(**{"a" * 65: {"sha256": ONE, "role": "read"}}), "is no name for a token"),
    (content(a={"sha256": ONE, "role": "read"}, b={"sha256": ONE, "role": "change"}), "two of its names have the same"),
    (content(**{f"a{n}": {"sha256": f"{n:064x}", "role": "read"} for n in range(MOST + 1)}), "more than 256"),
    (b" " * SIZE_LIMIT + b"{}", "it is longer than 65536 bytes"),
]


@pytest.mark.parametrize(("text", "reason"), BROKEN)
def test_a_broken_file_is_refused_with_the_reason(text: bytes, reason: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse(text)
    assert reason in str(refused.value)


def test_what_stands_for_a_hash_by_mistake_is_not_shown() -> None:
    """Somebody may write the token itself."""
    with pytest.raises(InvalidRequest) as refused:
        parse(content(a={"sha256": "the-token-itself", "role": "read"}))
    assert "the-token-itself" not in str(refused.value)


def test_a_holder_is_found_by_the_hash() -> None:
    known = (Token("alice", ONE, Role.CHANGE), Token("bob", TWO, Role.READ))
    assert holder(known, TWO) == known[1]
    assert holder(known, sha256(b"three").hexdigest()) is None
    assert holder((), ONE) is None


@pytest.mark.parametrize("given", [ONE, TWO, sha256(b"three").hexdigest()])
def test_every_token_is_compared_whoever_asks(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    compare, compared = hmac.compare_digest, []

    def note(left: str, right: str) -> bool:
        compared.append(right)
        return compare(left, right)

    monkeypatch.setattr(tokens.hmac, "compare_digest", note)
    holder((Token("alice", ONE, Role.CHANGE), Token("bob", TWO, Role.READ)), given)
    assert compared == [ONE, TWO]
