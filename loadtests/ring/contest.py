"""The rings that are measured side by side: Ringmaster's strategies and uhashring's two, in the same few words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar, Protocol

from uhashring import HashRing  # type: ignore[import-untyped]

from balancer.core.request_hash import REQUEST_HASHES, REQUEST_IDS, RequestHash, slot_shares
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Course, Maglev, Ring, Strategy, Table
from loadtests.ring.arcs import Arcs


class Ringlike(Protocol):
    """A ring that servers, known by their ring ids, join and leave."""

    def add(self, server: int) -> None: ...

    def remove(self, server: int) -> None: ...

    def lookup(self) -> Callable[[Any], Any]:
        """The way from a key to its server, as short as the ring allows. Good until the next change."""

    def arcs(self) -> Arcs:
        """Who answers which part of the requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """`make(servers)` gives its ring, of at most `capacity` servers; `key(id)` a request id as it wants its keys.
    `least_share(servers)`: the part of all requests that a newcomer to so many servers has to take over."""

    name: str
    make: Callable[[Collection[int]], Ringlike]
    key: Callable[[int], Any]
    least_share: Callable[[int], float]
    capacity: int = 1 << 20


class OurRing:
    """A slot table under one strategy and one request hash."""

    def __init__(self, strategy: Strategy, request_hash: RequestHash, servers: Collection[int]) -> None:
        self._strategy = strategy
        self._request_hash = request_hash
        self.members = [Member(server) for server in servers]
        self.table = strategy.place(self.members, SlotTable.empty(strategy.slots))

    def add(self, server: int) -> None:
        self._change([*self.members, Member(server)])

    def remove(self, server: int) -> None:
        self._change([member for member in self.members if member.ring_id != server])

    def lookup(self) -> Callable[[bytes], int]:
        slot, slots, owners = self._request_hash.slot, self._strategy.slots, self.table.owners
        return lambda key: owners[slot(key, slots)]

    def arcs(self) -> Arcs:
        return self._arcs(self.table)

    def arcs_without(self, down: int) -> Arcs:
        """While one server is down, and its slots walk on."""
        return self._arcs(self.table.among({member.ring_id for member in self.members} - {down}))

    def _arcs(self, table: SlotTable) -> Arcs:
        ends = accumulate(slot_hits(self._request_hash, self._strategy.slots))
        return list(zip(ends, table.owners, strict=True))

    def _change(self, members: list[Member]) -> None:
        self.table = self._strategy.place(members, self.table)
        self.members = members


def slot_hits(request_hash: RequestHash, slots: int) -> Sequence[int]:
    """How often each slot is hit: the same for every hash but H, of which it is counted over all request ids."""
    if request_hash.name != "course":
        return [1] * slots
    return [round(share * len(REQUEST_IDS)) for share in slot_shares(request_hash, slots)]


class TheirRing:
    """uhashring's HashRing, as it comes: "ketama" or its own kind, 160 points a server either way."""

    def __init__(self, servers: Collection[int], **options: Any) -> None:
        self._ring = HashRing([f"S{server}" for server in servers], **options)
        self._circle = 1 << (32 if options.get("hash_fn") == "ketama" else 128)

    def add(self, server: int) -> None:
        self._ring.add_node(f"S{server}")

    def remove(self, server: int) -> None:
        self._ring.remove_node(f"S{server}")

    def lookup(self) -> Callable[[str], str]:
        find: Callable[[str], str] = self._ring.get_node
        return find

    def arcs(self) -> Arcs:
        arcs = [(end, int(name[1:])) for end, name in self._ring.get_points() if end]
        return [*arcs, (self._circle, arcs[0][1])]


def ours(strategy: Strategy, *, name: str = "", request_hash: str = "") -> Contestant:
    """A strategy under its usual request hash, or under another one."""
    chosen = REQUEST_HASHES[request_hash or strategy.usual_hash]
    slots = strategy.slots
    return Contestant(
        name=name or strategy.name,
        make=lambda servers: OurRing(strategy, chosen, servers),
        key=lambda request_id: b"%d" % request_id,
        least_share=lambda servers: slots // (servers + 1) / slots,
        capacity=strategy.capacity,
    )


def theirs(name: str, *, capacity: int = 1 << 20, **options: Any) -> Contestant:
    return Contestant(
        name=name,
        capacity=capacity,
        make=lambda servers: TheirRing(servers, **options),
        key=str,
        least_share=lambda servers: 1 / (servers + 1),
    )


def strategies(slots: int) -> list[Contestant]:
    """Ours on so many slots; `ring` with the usual 160 virtual servers, and with the 9 on slots of the original."""
    return [
        ours(Table(slots=slots)),
        ours(Course(slots=slots)),
        ours(Ring(slots=slots)),
        ours(Ring(slots=slots, points="slots"), name="ring, 9 on slots"),
        ours(Maglev(slots=slots)),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Modulo(Strategy):
    """What consistent hashing is there to avoid: slot mod N is the number of the server."""

    name: ClassVar[str] = "mod N"

    slots: int = 1 << 12

    def _place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        servers = [member.ring_id for member in members]
        return SlotTable(tuple(servers[slot % len(servers)] for slot in range(self.slots)))


UHASHRING = [theirs("uhashring"), theirs("uhashring ketama", capacity=1000, hash_fn="ketama")]
"""Ketama makes its whole ring anew at every change, which takes seconds from a thousand servers on."""
