"""The explanation of a key: its slot, the slot's owner, and the walk from the owner to the server that answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from balancer.core.fleet import ON_THE_RING, Fleet
from balancer.core.lifecycle import State


@dataclass(frozen=True, slots=True)
class WalkStep:
    """A server on the walk. `slot`: the first slot clockwise from the key's slot that the server owns."""

    slot: int
    hostname: str
    state: State


@dataclass(frozen=True, slots=True)
class Explanation:
    """`owner`: the hostname of the slot's owner. `server`: the hostname of the server that answers now. Either is None
    where no server owns or answers. `walk` has the owners from `owner` to `server`, each once."""

    key: bytes
    request_hash: str
    slot: int
    owner: str | None
    server: str | None
    walk: tuple[WalkStep, ...]
    why: str


def explain(fleet: Fleet, key: bytes) -> Explanation:
    """The explanation of a key that is not empty. Bounded load is not counted in."""
    request_hash, seed, slots = fleet.profile.request_hash, fleet.profile.seed, fleet.table.slots
    slot = request_hash.slot(seed.seeded(key) if seed else key, slots)
    kind = "seeded key" if seed else "key"
    walk = tuple(_walk(fleet, slot))
    server = walk[-1].hostname if walk and walk[-1].state is State.SERVING else None
    return Explanation(
        key=key,
        request_hash=request_hash.name,
        slot=slot,
        owner=walk[0].hostname if walk else None,
        server=server,
        walk=walk,
        why=f"{request_hash.name} of the {kind} mod {slots} is slot {slot}; {_reason(walk, fleet)}",
    )


def _walk(fleet: Fleet, slot: int) -> Iterator[WalkStep]:
    servers = {server.ring_id: server for server in fleet.of(*ON_THE_RING)}
    owners = ((at, servers[owner]) for at, owner in fleet.table.walk(slot) if owner in servers)
    for at, server in owners:
        yield WalkStep(at, server.hostname, server.state)
        if server.state is State.SERVING:
            return


def _reason(walk: tuple[WalkStep, ...], fleet: Fleet) -> str:
    if not walk:
        return "nobody owns it: the ring is empty"
    owner, last = walk[0], walk[-1]
    if last.state is not State.SERVING:
        return f"{owner.hostname} owns it and is {owner.state}; nobody on the ring answers"
    bound = fleet.profile.bound
    unless = f", unless it has its share of bounded load {float(bound):g} already" if bound else ""
    if owner is last:
        return f"{owner.hostname} owns it and serves{unless}"
    return (
        f"{owner.hostname} owns it and is {owner.state}; the next living owner clockwise is {last.hostname} "
        f"at slot {last.slot}{unless}"
    )
