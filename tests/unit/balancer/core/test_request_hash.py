"""Request hashes in their Python form. tests/contract proves HAProxy's form equal to it."""

from __future__ import annotations

import hashlib
import random
import zlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.request_hash import REQUEST_HASHES, REQUEST_IDS, SAMPLE, RequestHash, request_id, slot_shares

every = pytest.mark.parametrize("name", REQUEST_HASHES)


def test_hashes_have_these_names() -> None:
    assert tuple(REQUEST_HASHES) == ("course", "crc32", "xxh64", "md5", "sha1", "sha256")
    assert all(name == request_hash.name for name, request_hash in REQUEST_HASHES.items())


def test_request_ids_are_all_six_digit_numbers() -> None:
    assert (min(REQUEST_IDS), max(REQUEST_IDS), len(REQUEST_IDS)) == (100_000, 999_999, 900_000)


@pytest.mark.parametrize(
    ("name", "slots"),
    [
        ("course", (145, 337, 80)),
        ("crc32", (353, 0, 119)),
        ("xxh64", (290, 409, 327)),
        ("md5", (62, 126, 25)),
        ("sha1", (27, 265, 142)),
        ("sha256", (146, 85, 305)),
    ],
)
def test_slots_are_golden(name: str, slots: tuple[int, ...]) -> None:
    """Of a request id, of no bytes at all, and of bytes that are no text."""
    assert tuple(REQUEST_HASHES[name].slot(key, 512) for key in (b"123456", b"", b"\xff\x00,\xe2\x82")) == slots


@every
@given(key=st.binary(max_size=300))
def test_a_value_is_never_negative_and_has_63_bits_at_most(name: str, key: bytes) -> None:
    """HAProxy's integers are signed and have 64."""
    assert 0 <= REQUEST_HASHES[name].value(key) < 2**63


@given(st.sampled_from(REQUEST_IDS))
def test_the_course_hash_is_the_handouts_formula(number: int) -> None:
    assert REQUEST_HASHES["course"].value(b"%d" % number) == number**2 + 2 * number + 17


@pytest.mark.parametrize(("number", "value"), [(100_000, 10_000_200_017), (132_574, 17_576_130_641)])
def test_h_is_golden(number: int, value: int) -> None:
    assert REQUEST_HASHES["course"].value(b"%d" % number) == value


@pytest.mark.parametrize(
    "key",
    [b"", b"0", b"12345", b"1234567", b"012345", b"+12345", b" 12345", b"12345\n", b"1e5000", "\uff11\uff12".encode()],
)
def test_any_other_key_gets_a_request_id_from_its_crc_32(key: bytes) -> None:
    assert request_id(key) == 100_000 + zlib.crc32(key) % 900_000


@given(st.binary(max_size=40))
def test_every_key_has_a_request_id(key: bytes) -> None:
    assert request_id(key) in REQUEST_IDS


@given(st.binary(max_size=40))
def test_crc32_is_zlibs(key: bytes) -> None:
    assert REQUEST_HASHES["crc32"].value(key) == zlib.crc32(key)


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256"])
@given(key=st.binary(max_size=40), exponent=st.integers(1, 16))
def test_a_digest_gives_the_remainder_of_the_whole_digest(name: str, key: bytes, exponent: int) -> None:
    whole = int.from_bytes(hashlib.new(name, key).digest(), "big")
    assert REQUEST_HASHES[name].slot(key, 2**exponent) == whole % 2**exponent


def test_h_reaches_87_slots_and_one_of_them_takes_a_sixteenth() -> None:
    hits = slot_shares(REQUEST_HASHES["course"], 512)
    assert sum(share > 0 for share in hits) == 87
    assert max(hits) == pytest.approx(1 / 16, abs=1e-6)


@pytest.mark.parametrize("name", ["crc32", "xxh64", "md5", "sha1", "sha256"])
def test_the_other_hashes_spread_evenly(name: str) -> None:
    """Twenty thousand drawn ids; the bound is 5 standard errors of a slot, which the largest of 512 does not reach."""
    draw = random.Random(1)  # noqa: S311 (a repeatable sample)
    keys = (b"%d" % draw.choice(REQUEST_IDS) for _ in range(20_000))
    slots = Counter(REQUEST_HASHES[name].slot(key, 512) for key in keys)
    assert len(slots) == 512
    assert max(slots.values()) * 512 / 20_000 < 1 + 5 * (511 / 20_000) ** 0.5


def test_shares_are_exact_and_add_up_to_one() -> None:
    crc32 = REQUEST_HASHES["crc32"]
    hits = Counter(crc32.slot(b"%d" % number, 8) for number in REQUEST_IDS)
    assert slot_shares(crc32, 8) == tuple(hits[slot] / len(REQUEST_IDS) for slot in range(8))
    assert sum(slot_shares(crc32, 8)) == pytest.approx(1)


def test_the_hash_of_a_plug_in_is_asked_for_a_sample_that_stands_for_all() -> None:
    asked: list[int] = []

    def thousands(key: bytes) -> int:
        asked.append(int(key))
        return int(key) // 1000

    shares = slot_shares(RequestHash("thousands", thousands), 16)
    assert len(asked) == len(SAMPLE) == 100_000
    hits = Counter(thousand % 16 for thousand in range(100, 1000))
    assert shares == pytest.approx([hits[slot] / 900 for slot in range(16)], abs=0.001)
    assert sum(shares) == pytest.approx(1)


@every
def test_an_expression_asks_for_the_key_or_the_id_made_of_it_and_ends_with_the_remainder(name: str) -> None:
    expression = REQUEST_HASHES[name].expression(512)
    assert expression.startswith("var(txn.id)," if name == "course" else "var(txn.key),")
    assert expression.endswith(",mod(512)")
