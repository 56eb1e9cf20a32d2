"""Hashes of bytes as 64-bit numbers, the same on every machine. xxHash is the only library that the core uses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import xxhash

Hash64 = Callable[[bytes], int]


def _tail(algorithm: str) -> Hash64:
    """The last 64 bits of a digest, as a big-endian number: the digest mod 2⁶⁴."""
    digest = getattr(hashlib, algorithm)

    def value(data: bytes) -> int:
        return int.from_bytes(digest(data, usedforsecurity=False).digest()[-8:], "big")

    return value


DIGESTS: dict[str, Hash64] = {
    "xxh64": xxhash.xxh64_intdigest,
    "md5": _tail("md5"),
    "sha1": _tail("sha1"),
    "sha256": _tail("sha256"),
}
