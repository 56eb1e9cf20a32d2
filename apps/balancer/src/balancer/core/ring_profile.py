"""The ring profile: how requests get slots and slots get servers. It is read from and written as one JSON object."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from balancer.core.hash_seed import HashSeed
from balancer.core.key_source import RANDOM, KeySource
from balancer.core.request_hash import REQUEST_HASHES, RequestHash
from balancer.core.strategies import Strategy, Table

FIELDS = frozenset({"strategy", "request_hash", "key", "bound"})
"""The fields of every profile's JSON object. The parameters of the strategy are further fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingProfile:
    """`bound` is bounded load's c > 1, None for off. `seed`: the hash seed, None for off. It is a setting of the
    deployment, and no JSON object has it."""

    strategy: Strategy = field(default_factory=Table)
    request_hash: RequestHash = REQUEST_HASHES["crc32"]
    key: KeySource = RANDOM
    bound: Fraction | None = None
    seed: HashSeed | None = None

    @property
    def slots(self) -> int:
        """M."""
        return self.strategy.slots

    def document(self) -> dict[str, Any]:
        """The JSON object that Catalogue.profile reads. The strategy's parameters are fields beside `strategy`."""
        return {
            "strategy": self.strategy.name,
            **{name: getattr(self.strategy, name) for name in self.strategy.parameters()},
            "request_hash": self.request_hash.name,
            "key": str(self.key),
            "bound": None if self.bound is None else float(self.bound),
        }
