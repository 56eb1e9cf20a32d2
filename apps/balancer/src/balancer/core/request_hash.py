"""Request hashes: key → slot, each declared once with its Python form and its HAProxy expression.

HAProxy computes with signed 64-bit integers, so a value has at most 63 bits; of a digest the last 7 bytes are used.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from balancer.core.hashing import DIGESTS

REQUEST_IDS = range(100_000, 1_000_000)
"""A request without a key of its own gets one of these six-digit ids at random; its decimal digits are its key."""


@dataclass(frozen=True, slots=True)
class RequestHash:
    """`value(key)` mod M is the slot, 0 ≤ value < 2⁶³. `sample` is the value as HAProxy's sample expression, the key
    being in the variable `txn.key`; None where HAProxy has none: then only the flask data plane can run it. `rules`
    are `http-request` rules that have to come before."""

    name: str
    value: Callable[[bytes], int]
    sample: str | None = None
    rules: tuple[str, ...] = ()

    def slot(self, key: bytes, slots: int) -> int:
        return self.value(key) % slots

    def expression(self, slots: int) -> str:
        """The HAProxy sample expression of the slot."""
        return f"{self.sample},mod({slots})"


def request_id(key: bytes) -> int:
    """The six-digit number that a key stands for: itself where it is one, otherwise one made of its CRC-32."""
    if len(key) == 6 and key.isdigit() and not key.startswith(b"0"):
        return int(key)
    return REQUEST_IDS.start + zlib.crc32(key) % len(REQUEST_IDS)


def _course(key: bytes) -> int:
    """H(i) = i² + 2i + 17, from the handout, written as i·(i + 2) + 17."""
    i = request_id(key)
    return i * (i + 2) + 17


_COURSE_ID = (
    f"set-var(txn.id) var(txn.key),crc32,mod({len(REQUEST_IDS)}),add({REQUEST_IDS.start})",
    "set-var(txn.id) var(txn.key),add(0) if { var(txn.key) -m reg ^[1-9][0-9]{5}$ }",
)


def _xxh64(key: bytes) -> int:
    """Without its highest bit, which would be a sign for HAProxy."""
    return DIGESTS["xxh64"](key) & ((1 << 63) - 1)


def _digest(algorithm: str) -> RequestHash:
    size = hashlib.new(algorithm, usedforsecurity=False).digest_size

    def value(key: bytes) -> int:
        return DIGESTS[algorithm](key) & ((1 << 56) - 1)

    return RequestHash(algorithm, value, f"var(txn.key),digest({algorithm}),bytes({size - 7},7),hex,hex2i")


REQUEST_HASHES: dict[str, RequestHash] = {
    request_hash.name: request_hash
    for request_hash in (
        RequestHash("course", _course, "var(txn.id),add(2),mul(txn.id),add(17)", _COURSE_ID),
        RequestHash("crc32", zlib.crc32, "var(txn.key),crc32"),
        RequestHash("xxh64", _xxh64, f"var(txn.key),xxh64,and({(1 << 63) - 1})"),
        _digest("md5"),
        _digest("sha1"),
        _digest("sha256"),
    )
}


@lru_cache(maxsize=16)
def slot_shares(request_hash: RequestHash, slots: int) -> tuple[float, ...]:
    """The exact probability of each slot when the request id is uniform over REQUEST_IDS; Σ = 1."""
    hits = [0] * slots
    for number in REQUEST_IDS:
        hits[request_hash.slot(b"%d" % number, slots)] += 1
    return tuple(count / len(REQUEST_IDS) for count in hits)
