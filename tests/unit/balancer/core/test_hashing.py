"""Digests as numbers: known values of each."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.hashing import DIGESTS


def test_digests_have_these_names() -> None:
    assert list(DIGESTS) == ["xxh64", "md5", "sha1", "sha256"]


@pytest.mark.parametrize(
    ("data", "value"),
    [(b"", 0xEF46DB3751D8E999), (b"a", 0xD24EC4F1A98C6E5B), (b"abc", 0x44BC2CF5AD770999)],
)
def test_xxh64_has_its_published_values(data: bytes, value: int) -> None:
    assert DIGESTS["xxh64"](data) == value


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256"])
@given(data=st.binary(max_size=80))
def test_a_digest_is_its_last_64_bits(name: str, data: bytes) -> None:
    whole = int(hashlib.new(name, data).hexdigest(), 16)
    assert DIGESTS[name](data) == whole % 2**64
