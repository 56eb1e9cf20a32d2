"""The catalogue: the strategies and request hashes that a ring profile can name. It reads profiles from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from balancer.core import bounded_load
from balancer.core.errors import InvalidRequest
from balancer.core.hash_seed import HashSeed
from balancer.core.key_source import KeySource
from balancer.core.request_hash import REQUEST_HASHES, RequestHash
from balancer.core.ring_profile import FIELDS, RingProfile
from balancer.core.strategies import STRATEGIES, Strategy, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All known strategies and request hashes, by name. `at_edge`: HAProxy computes the slots, so only a request hash
    with a HAProxy form is valid. `seed`: the hash seed of every profile, None for off."""

    strategies: Mapping[str, type[Strategy]] = field(default_factory=lambda: STRATEGIES)
    request_hashes: Mapping[str, RequestHash] = field(default_factory=lambda: REQUEST_HASHES)
    at_edge: bool = True
    seed: HashSeed | None = None

    def profile(self, document: object) -> RingProfile:
        """The profile that a JSON object describes. A field that the object lacks has its default.

        Raises InvalidRequest, which names the field and the choices.
        """
        if not isinstance(document, Mapping):
            raise InvalidRequest('a ring profile is a JSON object, for example {"strategy":"table"}')
        given = dict(document)
        strategy = self._strategy(given)
        return RingProfile(
            strategy=strategy,
            request_hash=self._request_hash(given.pop("request_hash", strategy.usual_hash)),
            key=KeySource.parse(given.pop("key", "random")),
            bound=bounded_load.parse(given.pop("bound", None)),
            seed=self.seed,
        )

    def _strategy(self, given: dict[str, Any]) -> Strategy:
        """Takes the strategy and its parameters out of `given`. Raises InvalidRequest for unknown fields."""
        name = given.pop("strategy", Table.name)
        kind = self.strategies.get(name) if isinstance(name, str) else None
        if kind is None:
            raise InvalidRequest(f"strategy must be one of {', '.join(self.strategies)}")
        names = kind.parameters()
        unknown = given.keys() - {*FIELDS, *names}
        if unknown:
            raise InvalidRequest(
                f"{min(unknown)[:64]!r} is not a field of a ring profile with the strategy {name}, which has: "
                f"{', '.join(('strategy', *names, 'request_hash', 'key', 'bound'))}"
            )
        return kind(**{key: given.pop(key) for key in names if key in given})

    def _request_hash(self, name: object) -> RequestHash:
        request_hash = self.request_hashes.get(name) if isinstance(name, str) else None
        if request_hash is None:
            raise InvalidRequest(f"request_hash must be one of {', '.join(self.request_hashes)}")
        if self.at_edge and request_hash.sample is None:
            raise InvalidRequest(
                f"request_hash: {name} has no HAProxy form, so the edge cannot compute it; "
                "it runs on the data plane flask"
            )
        return request_hash
