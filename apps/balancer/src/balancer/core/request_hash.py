"""Request hashes: key → slot, each declared once with its Python form and its HAProxy expression.

A key is text (a request id in decimal digits); its bytes are UTF-8. M is a power of two up to 2^16, so the
remainder needs only the last bytes of a digest: HAProxy computes with signed 64-bit integers.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass

REQUEST_IDS = range(100_000, 1_000_000)
"""Every request gets one of these six-digit ids at random."""

_TAIL = 7
"""Bytes of a digest that are used: 56 bits fit a signed 64-bit integer."""


@dataclass(frozen=True, slots=True)
class RequestHash:
    """`value(key)` mod M is the slot; `converters` are HAProxy's, to put behind the sample `var(txn.key)`."""

    name: str
    value: Callable[[str], int]
    converters: str

    def slot(self, key: str, slots: int) -> int:
        return self.value(key) % slots

    def expression(self, slots: int) -> str:
        """The HAProxy sample expression of the slot, the key being in the variable `txn.key`."""
        return f"var(txn.key),{self.converters},mod({slots})"


def _course(key: str) -> int:
    """H(i) = i² + 2i + 17, from the handout, written as i·(i + 2) + 17."""
    request_id = int(key)
    return request_id * (request_id + 2) + 17


def _crc32(key: str) -> int:
    return zlib.crc32(key.encode())


def _digest(algorithm: str) -> RequestHash:
    size = hashlib.new(algorithm, usedforsecurity=False).digest_size

    def value(key: str) -> int:
        digest = hashlib.new(algorithm, key.encode(), usedforsecurity=False).digest()
        return int.from_bytes(digest[-_TAIL:], "big")

    return RequestHash(algorithm, value, f"digest({algorithm}),bytes({size - _TAIL},{_TAIL}),hex,hex2i")


REQUEST_HASHES: dict[str, RequestHash] = {
    request_hash.name: request_hash
    for request_hash in (
        RequestHash("course", _course, "add(2),mul(txn.key),add(17)"),
        RequestHash("crc32", _crc32, "crc32"),
        _digest("md5"),
        _digest("sha1"),
        _digest("sha256"),
    )
}


def slot_shares(request_hash: RequestHash, slots: int) -> list[float]:
    """The exact probability of each slot when the request id is uniform over REQUEST_IDS; Σ = 1."""
    hits = [0] * slots
    for request_id in REQUEST_IDS:
        hits[request_hash.slot(str(request_id), slots)] += 1
    return [count / len(REQUEST_IDS) for count in hits]
