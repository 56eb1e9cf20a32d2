"""Request hashes in their Python form. tests/contract proves HAProxy's form equal to it."""

from __future__ import annotations

import hashlib
import random
import zlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.request_hash import REQUEST_HASHES, REQUEST_IDS, slot_shares

every = pytest.mark.parametrize("name", REQUEST_HASHES)


def test_hashes_have_these_names() -> None:
    assert tuple(REQUEST_HASHES) == ("course", "crc32", "md5", "sha1", "sha256")


def test_request_ids_are_all_six_digit_numbers() -> None:
    assert (min(REQUEST_IDS), max(REQUEST_IDS), len(REQUEST_IDS)) == (100_000, 999_999, 900_000)


@pytest.mark.parametrize(
    ("name", "slot"), [("course", 145), ("crc32", 353), ("md5", 62), ("sha1", 27), ("sha256", 146)]
)
def test_slots_are_golden(name: str, slot: int) -> None:
    assert REQUEST_HASHES[name].slot("123456", 512) == slot


@given(st.integers(0, 10**9))
def test_the_course_hash_is_the_handouts_formula(request_id: int) -> None:
    assert REQUEST_HASHES["course"].value(str(request_id)) == request_id**2 + 2 * request_id + 17


@pytest.mark.parametrize(("request_id", "value"), [(1, 20), (2, 25), (132_574, 17_576_130_641)])
def test_h_is_golden(request_id: int, value: int) -> None:
    assert REQUEST_HASHES["course"].value(str(request_id)) == value


@given(st.text(max_size=40))
def test_crc32_is_zlibs_of_the_utf_8_bytes(key: str) -> None:
    assert REQUEST_HASHES["crc32"].value(key) == zlib.crc32(key.encode())


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256"])
@given(key=st.text(max_size=40), exponent=st.integers(1, 16))
def test_a_digest_gives_the_remainder_of_the_whole_digest(name: str, key: str, exponent: int) -> None:
    whole = int.from_bytes(hashlib.new(name, key.encode()).digest(), "big")
    assert REQUEST_HASHES[name].slot(key, 2**exponent) == whole % 2**exponent


def test_h_reaches_87_slots_and_one_of_them_takes_a_sixteenth() -> None:
    hits = slot_shares(REQUEST_HASHES["course"], 512)
    assert sum(share > 0 for share in hits) == 87
    assert max(hits) == pytest.approx(1 / 16, abs=1e-6)


@pytest.mark.parametrize("name", ["crc32", "md5", "sha1", "sha256"])
def test_the_other_hashes_spread_evenly(name: str) -> None:
    """Twenty thousand drawn ids; the bound is ring.md's for sampling: 4 standard errors, here of the largest slot."""
    draw = random.Random(1)  # noqa: S311 (a repeatable sample)
    slots = Counter(REQUEST_HASHES[name].slot(str(draw.choice(REQUEST_IDS)), 512) for _ in range(20_000))
    assert len(slots) == 512
    assert max(slots.values()) * 512 / 20_000 < 1 + 4 * (511 / 20_000) ** 0.5


def test_shares_of_all_slots_add_up_to_one() -> None:
    assert sum(slot_shares(REQUEST_HASHES["crc32"], 2)) == pytest.approx(1)


@every
def test_an_expression_asks_for_the_key_and_ends_with_the_remainder(name: str) -> None:
    expression = REQUEST_HASHES[name].expression(512)
    assert expression.startswith("var(txn.key),")
    assert expression.endswith(",mod(512)")
