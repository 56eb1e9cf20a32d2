"""The rings that are measured side by side: Ringmaster's strategies and uhashring's, in the same few words."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any, ClassVar

from uhashring import HashRing  # type: ignore[import-untyped]

from balancer.core.request_hash import REQUEST_HASHES, REQUEST_IDS, RequestHash, slot_shares
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Course, Maglev, Ring, Strategy, Table
from loadtests.ring.arcs import Arcs


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """`make(servers)` gives its ring, of at most `capacity` servers, on so many `slots`, if it has any; `key(id)` a
    request id as it wants its keys."""

    name: str
    make: Callable[[Collection[int]], OurRing | TheirRing]
    key: Callable[[int], Any]
    capacity: int = 1 << 20
    slots: int = 0

    def least_share(self, servers: int) -> float:
        """The part of all requests that a newcomer to so many servers has to take over."""
        return self.slots // (servers + 1) / self.slots if self.slots else 1 / (servers + 1)


class OurRing:
    """A slot table under one strategy and one request hash. Servers, known by their ring ids, join and leave."""

    def __init__(self, strategy: Strategy, request_hash: RequestHash, servers: Collection[int]) -> None:
        self._strategy = strategy
        self._request_hash = request_hash
        self.servers = list(servers)
        self.table = placed(strategy, servers)

    def add(self, server: int) -> None:
        self._change([*self.servers, server])

    def remove(self, server: int) -> None:
        self._change([one for one in self.servers if one != server])

    def lookup(self) -> Callable[[bytes], int]:
        """The way from a key to its server, as short as the ring allows. Good until the next change."""
        slot, slots, owners = self._request_hash.slot, self._strategy.slots, self.table.owners
        return lambda key: owners[slot(key, slots)]

    def arcs(self, *, down: int = 0) -> Arcs:
        """Who answers which part of the requests; while one server is down its slots walk on."""
        table = self.table.among(set(self.servers) - {down}) if down else self.table
        hits = [1] * table.slots
        if self._request_hash.name == "course":  # the only one that does not ask for all slots equally often
            hits = [round(share * len(REQUEST_IDS)) for share in slot_shares(self._request_hash, table.slots)]
        return list(zip(accumulate(hits), table.owners, strict=True))

    def _change(self, servers: list[int]) -> None:
        self.table = placed(self._strategy, servers, self.table)
        self.servers = servers


class TheirRing:
    """uhashring's HashRing, as it comes: 160 points a server."""

    def __init__(self, servers: Collection[int]) -> None:
        self._ring = HashRing([f"S{server}" for server in servers])

    def add(self, server: int) -> None:
        self._ring.add_node(f"S{server}")

    def remove(self, server: int) -> None:
        self._ring.remove_node(f"S{server}")

    def lookup(self) -> Callable[[str], str]:
        find: Callable[[str], str] = self._ring.get_node
        return find

    def arcs(self) -> Arcs:
        arcs = [(end, int(name[1:])) for end, name in self._ring.get_points() if end]
        return [*arcs, (1 << 128, arcs[0][1])]


def placed(strategy: Strategy, servers: Collection[int], before: SlotTable | None = None) -> SlotTable:
    """The strategy's table of these servers, without a past or after another table."""
    return strategy.place([Member(server) for server in servers], before or SlotTable.empty(strategy.slots))


def ours(strategy: Strategy, *, name: str = "", request_hash: str = "") -> Contestant:
    """A strategy under its usual request hash, or under another one."""
    return Contestant(
        name=name or strategy.name,
        make=partial(OurRing, strategy, REQUEST_HASHES[request_hash or strategy.usual_hash]),
        key=lambda request_id: b"%d" % request_id,
        capacity=strategy.capacity,
        slots=strategy.slots,
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


UHASHRING = Contestant(name="uhashring", make=TheirRing, key=str)
