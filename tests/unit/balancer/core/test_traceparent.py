"""Which headers traceparent are valid, and that a made one is."""

from __future__ import annotations

import pytest

from balancer.core.traceparent import is_valid, made, parent_id, trace_id

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GOOD = f"00-{TRACE}-{PARENT}-01"

VALID = [
    GOOD,
    f"00-{TRACE}-{PARENT}-00",
    f"00-{TRACE}-{PARENT}-ff",
    f"00-{'0' * 31}1-{'0' * 15}1-00",
    f"01-{TRACE}-{PARENT}-01",
    f"cc-{TRACE}-{PARENT}-01-what-comes.later",
    f"fe-{TRACE}-{PARENT}-01-",
]

INVALID = [
    "",
    "-",
    "00",
    f"ff-{TRACE}-{PARENT}-01",
    f"00-{'0' * 32}-{PARENT}-01",
    f"00-{TRACE}-{'0' * 16}-01",
    f"00-{TRACE.upper()}-{PARENT}-01",
    f"00-{TRACE[:-1]}-{PARENT}-01",
    f"00-{TRACE}0-{PARENT}-01",
    f"00-{TRACE}-{PARENT}-1",
    f"00-{TRACE}-{PARENT}-0x",
    f"0-{TRACE}-{PARENT}-01",
    f"0g-{TRACE}-{PARENT}-01",
    f"00_{TRACE}_{PARENT}_01",
    f"{GOOD}-later",
    f"{GOOD}-",
    f"cc-{TRACE}-{PARENT}-01.later",
    f"cc-{TRACE}-{PARENT}-01-two words",
    f"cc-{TRACE}-{PARENT}-01-é",
    f"cc-{TRACE}-{PARENT}-01-a,cc-{TRACE}-{PARENT}-01-a",
    f"{GOOD},{GOOD}",
    f" {GOOD}",
    f"{GOOD}\n",
]


@pytest.mark.parametrize("text", VALID)
def test_it_is_valid(text: str) -> None:
    assert is_valid(text)


@pytest.mark.parametrize("text", INVALID)
def test_it_is_not_valid(text: str) -> None:
    assert not is_valid(text)


def test_its_parts_are_the_trace_and_the_parent() -> None:
    assert (trace_id(GOOD), parent_id(GOOD)) == (TRACE, PARENT)


def test_a_made_one_is_valid_and_sampled() -> None:
    for request_id in ("0" * 23 + "1", "f" * 24):
        assert is_valid(made(request_id))
        assert made(request_id).endswith("-01")


def test_its_trace_is_the_request_and_its_parent_is_nobody() -> None:
    assert made("0123456789abcdef01234567") == "00-000000000123456789abcdef01234567-0000000000000001-01"
