"""Hostnames."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.hostnames import canonical, generate, is_hostname
from tests.fakes.randomness import SeededRandomness


@pytest.mark.parametrize("name", ["S4", "server_1", "web-1", "a1", "1a", "00", "A_", "a-", "x" * 63])
def test_valid_names(name: str) -> None:
    assert is_hostname(name)


@pytest.mark.parametrize(
    "name",
    ["", "a", "x" * 64, "-ab", "_ab", "a.b", "a b", "ab\n", "\nab", "a/b", "é1", "a\u0301b", "١٢", "a\x00b", "a:b"],
)  # fmt: skip
def test_invalid_names(name: str) -> None:
    assert not is_hostname(name)


def test_names_that_differ_only_in_case_are_the_same() -> None:
    assert canonical("Server4") == canonical("sERVER4")


@given(seed=st.integers(0, 10**6))
def test_a_generated_name_never_has_a_form_that_users_take(seed: int) -> None:
    name = generate([], SeededRandomness(seed).choice)
    assert is_hostname(name)
    assert re.fullmatch(r"[a-z0-9]{6}", name)
    assert not re.fullmatch(r"(s|server)[-_]?\d+", name, re.IGNORECASE)
    assert not re.fullmatch(r"[a-z]+\d*", name, re.IGNORECASE)


def test_no_name_that_can_be_generated_has_a_form_that_users_take() -> None:
    """Two letters, a digit, a letter: no form with all its digits at the end is like that."""
    extremes = [generate([], pick) for pick in (lambda text: text[0], lambda text: text[-1])]
    assert extremes == ["bb2b2b", "zz9z9z"]


def test_a_taken_name_is_not_generated_whatever_its_case() -> None:
    first = generate([], SeededRandomness(7).choice)
    second = generate([first.upper()], SeededRandomness(7).choice)
    assert second != first


def test_generated_names_differ() -> None:
    chance = SeededRandomness(1)
    taken: list[str] = []
    for _ in range(200):
        taken.append(generate(taken, chance.choice))
    assert len(set(taken)) == 200
