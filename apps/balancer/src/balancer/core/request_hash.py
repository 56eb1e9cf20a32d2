"""Request hashes: key → slot. Each has one Python form and one HAProxy expression, declared together.

HAProxy computes with signed 64-bit integers, so a value has at most 63 bits. Of a digest the last 7 bytes are used.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from balancer.core.hashing import DIGESTS

REQUEST_IDS = range(100_000, 1_000_000)
"""A keyless request gets one of these six-digit ids at random. The decimal digits of the id are its key."""
SAMPLE = REQUEST_IDS[::9]
"""100 000 request ids, evenly spaced."""


@dataclass(frozen=True, slots=True)
class RequestHash:
    """The slot is `value(key)` mod M; 0 ≤ value < 2⁶³. `sample` is the same value as a HAProxy sample expression, with
    the key in the variable `txn.key`. It is None where HAProxy cannot compute the value: then only the data plane flask
    can use the request hash. `rules`: the `http-request` rules that the sample needs before it."""

    name: str
    value: Callable[[bytes], int]
    sample: str | None = None
    rules: tuple[str, ...] = ()

    def slot(self, key: bytes, slots: int) -> int:
        return self.value(key) % slots

    def expression(self, slots: int) -> str:
        """The slot as a HAProxy sample expression."""
        return f"{self.sample},mod({slots})"


def request_id(key: bytes) -> int:
    """The six-digit number of a key: the key itself where it is such a number, otherwise one made of its CRC-32."""
    if len(key) == 6 and key.isdigit() and not key.startswith(b"0"):
        return int(key)
    return REQUEST_IDS.start + zlib.crc32(key) % len(REQUEST_IDS)


def _course(key: bytes) -> int:
    """H(i) = i² + 2i + 17 of the handout, computed as i·(i + 2) + 17."""
    i = request_id(key)
    return i * (i + 2) + 17


_COURSE_ID = (
    f"set-var(txn.id) var(txn.key),crc32,mod({len(REQUEST_IDS)}),add({REQUEST_IDS.start})",
    "set-var(txn.id) var(txn.key),add(0) if { var(txn.key) -m reg ^[1-9][0-9]{5}$ }",
)


def _xxh64(key: bytes) -> int:
    """xxh64 without its highest bit, which HAProxy would take for a sign."""
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
    """slot → its probability when request ids are uniform over REQUEST_IDS. The sum is 1. The probability is exact; for
    the hash of a plug-in, which may take microseconds a key, it is counted over SAMPLE."""
    ids = REQUEST_IDS if REQUEST_HASHES.get(request_hash.name) == request_hash else SAMPLE
    hits = [0] * slots
    for number in ids:
        hits[request_hash.slot(b"%d" % number, slots)] += 1
    return tuple(count / len(ids) for count in hits)
