"""Codes that count once, and sessions that end."""

from __future__ import annotations

import hmac
from hashlib import sha256

import pytest

from balancer.service.sessions import CODE_SECONDS, MOST, SESSION_SECONDS, Sessions
from tests.fakes.clock import FakeClock
from tests.fakes.randomness import SeededRandomness

ALICE, BOB = "a" * 64, "b" * 64
"""SHA-256 of tokens."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sessions(clock: FakeClock) -> Sessions:
    return Sessions(clock=clock, randomness=SeededRandomness())


def begun(sessions: Sessions, maker: str) -> str:
    """The token of a new session."""
    token = sessions.begin(sessions.link(maker))
    assert token
    return token


def maker(sessions: Sessions, token: str) -> str | None:
    return sessions.maker(sha256(token.encode()).hexdigest())


def test_a_code_opens_one_session(sessions: Sessions) -> None:
    code = sessions.link(ALICE)
    token = sessions.begin(code)
    assert token
    assert maker(sessions, token) == ALICE
    assert sessions.begin(code) is None
    assert maker(sessions, token) == ALICE


def test_a_code_is_no_token_and_a_token_no_code(sessions: Sessions) -> None:
    assert maker(sessions, sessions.link(ALICE)) is None
    assert sessions.begin(begun(sessions, ALICE)) is None


@pytest.mark.parametrize("wrong", ["", "x", "0" * 32])
def test_what_was_never_given_counts_for_nothing(sessions: Sessions, wrong: str) -> None:
    begun(sessions, ALICE)
    sessions.link(ALICE)
    assert sessions.begin(wrong) is None
    assert maker(sessions, wrong) is None


def test_a_code_counts_for_a_minute(sessions: Sessions, clock: FakeClock) -> None:
    early, late = sessions.link(ALICE), sessions.link(ALICE)
    clock.sleep(CODE_SECONDS - 0.5)
    assert sessions.begin(early)
    clock.sleep(0.5)
    assert sessions.begin(late) is None


def test_a_session_ends_after_eight_hours_however_much_it_is_used(sessions: Sessions, clock: FakeClock) -> None:
    token = begun(sessions, ALICE)
    clock.sleep(SESSION_SECONDS - 0.5)
    assert maker(sessions, token) == ALICE
    clock.sleep(0.5)
    assert maker(sessions, token) is None


def test_whoever_makes_too_many_ends_their_own(sessions: Sessions) -> None:
    bobs = begun(sessions, BOB)
    alices = [begun(sessions, ALICE) for _ in range(MOST + 1)]
    assert maker(sessions, bobs) == BOB
    assert [maker(sessions, token) for token in alices] == [None, None, *[ALICE] * (MOST - 1)]


def test_a_newcomer_ends_the_oldest_of_all(sessions: Sessions) -> None:
    alices = [begun(sessions, ALICE) for _ in range(MOST)]
    bobs = begun(sessions, BOB)
    assert maker(sessions, bobs) == BOB
    assert [maker(sessions, token) for token in alices] == [None, *[ALICE] * (MOST - 1)]


def test_codes_are_bounded_too(sessions: Sessions) -> None:
    codes = [sessions.link(ALICE) for _ in range(MOST + 1)]
    assert sessions.begin(codes[0]) is None
    assert sessions.begin(codes[1])


def test_nobody_guesses_them(sessions: Sessions) -> None:
    drawn = {sessions.link(ALICE) for _ in range(100)} | {begun(sessions, ALICE) for _ in range(100)}
    assert len(drawn) == 200
    assert all(len(text) == 32 and text.isalnum() and text.isascii() for text in drawn)


def test_how_long_it_takes_does_not_tell_which_one_it_is(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = [begun(sessions, ALICE) for _ in range(3)]
    compare, compared = hmac.compare_digest, []

    def note(given: str, right: str) -> bool:
        compared.append(right)
        return compare(given, right)

    monkeypatch.setattr(hmac, "compare_digest", note)
    for token in (*tokens, "wrong"):
        maker(sessions, token)
    assert compared == [sha256(token.encode()).hexdigest() for token in tokens] * 4
