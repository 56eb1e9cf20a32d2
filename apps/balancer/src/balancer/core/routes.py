"""Routes: what a data plane has to obey. Made from the fleet, immutable, named by a digest."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from fractions import Fraction
from hashlib import sha256

from balancer.core.fleet import Fleet
from balancer.core.key_source import RANDOM, KeySource
from balancer.core.lifecycle import State
from balancer.core.request_hash import REQUEST_HASHES, RequestHash

IDEMPOTENT = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE")
"""Methods (RFC 9110, 9.2.2) of the requests that a plane may send to another server when one breaks off."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A server that a plane may send requests to; a draining one only finishes what it has. Backends go by their
    `instance`: while a roll lasts two of them have the same hostname. `weight`: the share of what is in flight, where
    load is bounded; a backend of weight 0 owns no slot."""

    instance: str
    address: str
    draining: bool = False
    weight: int = 1

    @property
    def hostname(self) -> str:
        return hostname(self.instance)


def hostname(instance: str) -> str:
    """The hostname of the server that the instance is a container of."""
    return instance.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Routes:
    """`slots[slot]` is the instance that answers the slot's requests, empty where none does. A request's slot is its
    key's, from the source `key`, under `request_hash`. `bound` is bounded load's c, None for off."""

    slots: tuple[str, ...]
    backends: tuple[Backend, ...]
    request_hash: RequestHash = REQUEST_HASHES["crc32"]
    key: KeySource = RANDOM
    bound: Fraction | None = None

    @property
    def digest(self) -> str:
        """The same for the same routes, on every machine: 16 hex digits."""
        backends = tuple(map(astuple, self.backends))
        told = (self.slots, backends, self.request_hash.name, str(self.key), str(self.bound))
        return sha256(repr(told).encode()).hexdigest()[:16]


def routes(fleet: Fleet) -> Routes:
    """Slots of servers that are down walk on to the next living owner."""
    instances = {server.ring_id: server.instance for server in fleet.of(State.SERVING)}
    table = fleet.table.among(instances.keys())
    return Routes(
        slots=tuple(instances.get(owner, "") for owner in table.owners),
        backends=tuple(
            Backend(
                server.instance, server.address, draining=server.state is State.LEAVING, weight=server.effective_weight
            )
            for server in fleet.of(State.SERVING, State.LEAVING)
        ),
        request_hash=fleet.profile.request_hash,
        key=fleet.profile.key,
        bound=fleet.profile.bound,
    )
