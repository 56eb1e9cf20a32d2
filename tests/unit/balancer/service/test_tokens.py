"""Tokens that change while the balancer runs."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from balancer.adapters.tokens_file import TokensFile
from balancer.core.tokens import Role
from balancer.service.problems import Problems
from balancer.service.tokens import Tokens
from tests.unit.balancer.in_memory import InMemoryBalancer


def write(path: Path, **roles: str) -> None:
    """A file with tokens of these names; each is its own name and "-token"."""
    entries = {name: {"sha256": digest(f"{name}-token"), "role": role} for name, role in roles.items()}
    path.write_text(json.dumps(entries))


def digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


@pytest.fixture
def problems() -> Problems:
    return InMemoryBalancer().problems


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


@pytest.fixture
def tokens(path: Path, problems: Problems) -> Tokens:
    return Tokens(token_sha256=digest("the-operators"), problems=problems, read=TokensFile(path))


def names(tokens: Tokens, *given: str) -> list[str | None]:
    return [(found := tokens.holder(token)) and found.name for token in given]


def test_without_tokens_none_is_asked_for(problems: Problems) -> None:
    assert not Tokens(token_sha256="", problems=problems).are_wanted


def test_a_file_alone_makes_control_ask(path: Path, problems: Problems) -> None:
    tokens = Tokens(token_sha256="", problems=problems, read=TokensFile(path))
    assert tokens.are_wanted
    assert tokens.holder("") is None


def test_named_tokens_count_beside_the_operators(path: Path, tokens: Tokens, problems: Problems) -> None:
    write(path, alice="change", bob="read")
    assert names(tokens, "the-operators", "alice-token", "bob-token", "") == ["operator", "alice", "bob", None]
    found = tokens.holder("bob-token")
    assert found
    assert found.role is Role.READ
    assert problems.by_part == {}


def test_a_rotation_needs_no_restart(path: Path, tokens: Tokens) -> None:
    write(path, alice="change")
    assert tokens.round() == 1.0
    write(path, bob="change")
    tokens.round()
    assert names(tokens, "alice-token", "bob-token") == [None, "bob"]


def test_a_broken_file_keeps_the_last_good_one_and_is_told(path: Path, tokens: Tokens, problems: Problems) -> None:
    write(path, alice="change")
    tokens.round()
    path.write_text('{"bob":')
    tokens.round()
    assert names(tokens, "alice-token") == ["alice"]
    told = problems.by_part["tokens"]
    assert told.startswith("tokens_file: it is not JSON; write for example")
    assert told.endswith("the tokens that it had before still count")
    write(path, bob="change")
    tokens.round()
    assert names(tokens, "alice-token", "bob-token") == [None, "bob"]
    assert problems.by_part == {}


def test_a_file_that_is_broken_from_the_start_opens_nothing(path: Path, tokens: Tokens, problems: Problems) -> None:
    path.write_text("{")
    assert names(tokens, "alice-token", "the-operators") == [None, "operator"]
    assert problems.by_part["tokens"].endswith("no named token counts")


def test_where_the_file_is_gone_no_named_token_counts(path: Path, tokens: Tokens, problems: Problems) -> None:
    write(path, alice="change")
    tokens.round()
    path.unlink()
    tokens.round()
    assert names(tokens, "alice-token", "the-operators") == [None, "operator"]
    assert "it is not there" in problems.by_part["tokens"]
    write(path, alice="change")
    tokens.round()
    assert names(tokens, "alice-token") == ["alice"]
    assert problems.by_part == {}


def test_a_file_that_cannot_be_read_keeps_the_last_good_one(path: Path, tokens: Tokens, problems: Problems) -> None:
    write(path, alice="change")
    tokens.round()
    path.unlink()
    path.mkdir()
    tokens.round()
    assert names(tokens, "alice-token") == ["alice"]
    assert "it cannot be read: Is a directory" in problems.by_part["tokens"]


def test_no_token_and_no_hash_is_logged(path: Path, tokens: Tokens, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        write(path, alice="change")
        names(tokens, "alice-token", "another")
    told = "".join(str(vars(record)) for record in caplog.records)
    assert "alice: change" in told
    assert "alice-token" not in told
    assert digest("alice-token") not in told
