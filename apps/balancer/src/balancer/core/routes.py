"""The routes: what a data plane has to obey. They are made from the fleet, immutable, and named by a digest."""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction
from hashlib import sha256
from operator import attrgetter

from balancer.core.fleet import COUNTED, Fleet
from balancer.core.hash_seed import HashSeed
from balancer.core.key_source import RANDOM, KeySource, Message
from balancer.core.lifecycle import State
from balancer.core.protocol import HTTP
from balancer.core.request_hash import REQUEST_HASHES, RequestHash
from balancer.core.slot_table import NOBODY

IDEMPOTENT = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE")
"""The idempotent methods (RFC 9110, 9.2.2): a data plane may send such a request again, to another server."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A server as a data plane sees it. A `draining` backend finishes the requests that it has and gets no new ones.
    Backends are distinguished by `instance`: during a roll two of them have the same hostname. `weight` is for bounded
    load: the share of the requests in flight is proportional to it. A backend of weight 0 owns no slot. `protocol`:
    what the server speaks, one of protocol.PROTOCOLS."""

    instance: str
    address: str
    draining: bool = False
    weight: int = 1
    protocol: str = HTTP

    @property
    def hostname(self) -> str:
        return hostname(self.instance)


def hostname(instance: str) -> str:
    """The hostname in an instance: what is before the dot."""
    return instance.partition(".")[0]


_as_tuple = attrgetter(*(field.name for field in fields(Backend)))
"""What dataclasses.astuple returns of a backend, without its copies: of a thousand they take 4 ms."""


@dataclass(frozen=True, slots=True)
class Routes:
    """`slots[slot]` is the instance that answers the requests of the slot, empty where none does. `key` is the source
    of a request's key; `request_hash` makes the slot of the key. `bound` is bounded load's c, `seed` the hash seed;
    None for off."""

    slots: tuple[str, ...]
    backends: tuple[Backend, ...]
    request_hash: RequestHash = REQUEST_HASHES["crc32"]
    key: KeySource = RANDOM
    bound: Fraction | None = None
    seed: HashSeed | None = None

    @property
    def digest(self) -> str:
        """A short name of exactly these routes, the same on every machine: 16 hex digits."""
        backends = tuple(map(_as_tuple, self.backends))
        seed = () if self.seed is None else (self.seed.seeded(b""),)
        told = (self.slots, backends, self.request_hash.name, str(self.key), str(self.bound), *seed)
        return sha256(repr(told).encode()).hexdigest()[:16]

    def key_of(self, message: Message) -> bytes:
        """The key of a message as the request hash gets it, empty where the message has none."""
        key = self.key.read(message)
        return self.seed.seeded(key) if key and self.seed else key


def routes(fleet: Fleet) -> Routes:
    """The routes of a fleet. The slots of a server that is down or silent go to the next living owner clockwise."""
    instances = {server.ring_id: server.instance for server in fleet.of(State.SERVING)}
    table = fleet.table.among(instances.keys())
    answering = {NOBODY: "", **instances}
    return Routes(
        slots=tuple(map(answering.__getitem__, table.owners)),
        backends=tuple(
            Backend(
                server.instance,
                server.address,
                draining=server.state is not State.SERVING,
                weight=server.effective_weight,
                protocol=fleet.release_of(server).protocol,
            )
            for server in fleet.of(*COUNTED, State.LEAVING)
        ),
        request_hash=fleet.profile.request_hash,
        key=fleet.profile.key,
        bound=fleet.profile.bound,
        seed=fleet.profile.seed,
    )
