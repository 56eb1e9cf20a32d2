"""The hash seed: a secret in every key, so that no outsider can say which slot a key has. Python and HAProxy agree.

A secret before the key would not do: crc32 is linear, and for xxh64 there are keys that collide whatever the seed is.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from dataclasses import dataclass, field

_BYTES = 8
"""The bytes of the digest that are used. They are as many as the longest request hash has."""


@dataclass(frozen=True, slots=True)
class HashSeed:
    """`secret`: ASCII text. No text that anybody sees has it, so `repr` leaves it out."""

    secret: str = field(repr=False)

    def seeded(self, key: bytes) -> bytes:
        """What the request hash gets in place of a key: the first 16 hex digits of HMAC-SHA256(secret, key)."""
        return hmac.digest(self.secret.encode(), key, "sha256")[:_BYTES].hex().upper().encode()

    @property
    def converters(self) -> str:
        """HAProxy's converters that make the same of the same key."""
        return f"hmac(sha256,{b64encode(self.secret.encode()).decode()}),bytes(0,{_BYTES}),hex"
