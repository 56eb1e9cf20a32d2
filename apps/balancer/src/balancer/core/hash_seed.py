"""The hash seed: a secret in every key, so that no outsider can say which slot a key has. Python and HAProxy agree.

A secret before the key would not do: crc32 is linear, and for xxh64 there are keys that collide whatever the seed is.
So the request hash gets a digest of secret and key. See docs/decisions/0024-a-seeded-key-is-a-digest.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

_BYTES = 8
"""The bytes of the digest that are used. The longest request hash has no more."""


@dataclass(frozen=True, slots=True)
class HashSeed:
    """`block`: 64 hex digits made of the secret. They are the first block that SHA-256 digests, before the key. `repr`
    leaves them out: whoever knows them knows every slot."""

    block: str = field(repr=False)

    @classmethod
    def of(cls, secret: str) -> Self:
        return cls(sha256(secret.encode()).hexdigest())

    def seeded(self, key: bytes) -> bytes:
        """What the request hash gets in place of a key: the first 16 hex digits of SHA-256(block + key)."""
        return sha256(self.block.encode() + key).digest()[:_BYTES].hex().upper().encode()

    @property
    def sample(self) -> str:
        """HAProxy's sample expression of the same, with the key in the variable `txn.key`."""
        return f"str({self.block}),concat(,txn.key),digest(sha256),bytes(0,{_BYTES}),hex"
