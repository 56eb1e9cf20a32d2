"""The desired fleet: its servers, how many there shall be, and the slot table. Every change gives a new value."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from balancer.core.errors import InvalidRequest
from balancer.core.lifecycle import Event, State, after
from balancer.core.ring_profile import RingProfile
from balancer.core.slot_table import Member, SlotTable

ON_THE_RING = (State.SERVING, State.DOWN)

WARM = 16
"""The ramp of a server that bears its whole weight; one that starts slowly begins at 1."""

HEAVIEST = 256
"""The largest weight, as HAProxy's."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server of the fleet; `address` is "ip:port" as soon as it has one. `weight` 0 … HEAVIEST is its share beside
    the others'; `ramp` 1 … WARM says how many sixteenths of it count yet."""

    name: str
    ring_id: int
    state: State
    address: str = ""
    weight: int = 1
    ramp: int = WARM

    @property
    def bearing(self) -> int:
        """Its weight as the ring sees it now; only ratios count."""
        return self.weight * self.ramp

    def on(self, event: Event) -> Server:
        return replace(self, state=after(self.state, event))


@dataclass(frozen=True, slots=True)
class Fleet:
    """`servers` in the order of joining; `target` is N, the number to keep alive; ring ids are never given twice.

    `profile` is the ring's; `configured` the one that the settings named when they were last obeyed, so that a profile
    switched at run time outlives a restart. `version` grows with every change of table or profile.
    """

    servers: tuple[Server, ...]
    target: int
    next_ring_id: int
    table: SlotTable
    profile: RingProfile
    configured: RingProfile
    version: int = 1

    @classmethod
    def empty(cls, profile: RingProfile) -> Fleet:
        return cls((), 0, 1, SlotTable.empty(profile.slots), profile, profile)

    def named(self, *states: State) -> tuple[str, ...]:
        return tuple(server.name for server in self.servers if server.state in states)

    @property
    def replicas(self) -> tuple[str, ...]:
        """Who answers requests, in the order of joining."""
        return self.named(State.SERVING)

    def server(self, name: str) -> Server:
        return next(server for server in self.servers if server.name == name)

    @classmethod
    def first(cls, names: Sequence[str], profile: RingProfile) -> Fleet:
        """A new deployment's fleet, nothing of it started yet."""
        return replace(cls.empty(profile).begin_join(names), target=len(names))

    @property
    def is_first(self) -> bool:
        """Whether a new deployment's fleet is still on its way: the same names and ids are tried until it serves."""
        return self.target > 0 and len(self.named(State.JOINING)) == len(self.servers) == self.target

    def begin_join(self, names: Sequence[str], *, weight: int = 1, ramp: int = WARM) -> Fleet:
        """New servers get the next ring ids, in the order of their names here."""
        newcomers = tuple(
            Server(name, self.next_ring_id + i, State.JOINING, weight=weight, ramp=ramp) for i, name in enumerate(names)
        )
        return replace(self, servers=self.servers + newcomers, next_ring_id=self.next_ring_id + len(names))

    def grow(self, addresses: Mapping[str, str]) -> Fleet:
        """The joining servers of `addresses` serve from now on, and N is as much larger."""
        return replace(self, target=self.target + len(addresses))._joined(addresses)

    def fill(self, addresses: Mapping[str, str]) -> Fleet:
        """The joining servers of `addresses` take the places of servers that are down; N stays."""
        return self._joined(addresses)

    def _joined(self, addresses: Mapping[str, str]) -> Fleet:
        present = tuple(server for server in self.servers if server.name not in addresses)
        newcomers = [
            replace(server.on(Event.READY), address=addresses[server.name])
            for server in self.servers
            if server.name in addresses
        ]
        return replace(self, servers=(*present, *newcomers))._without_replaced().placed()

    def _without_replaced(self) -> Fleet:
        """Servers that are down leave the ring, the longest there first, as far as others fill N."""
        surplus = len(self.named(*ON_THE_RING)) - self.target
        replaced = self.named(State.DOWN)[: max(0, surplus)]
        return self._on(Event.REPLACED, replaced)

    def weight_of_replacement(self, on_their_way: Collection[str]) -> int:
        """The weight of the server that the next replacement stands for, beside those that are joining already."""
        down = [server.weight for server in self.servers if server.state is State.DOWN]
        for server in self.servers:
            if server.name in on_their_way and server.state is State.JOINING and server.weight in down:
                down.remove(server.weight)
        return down[0] if down else 1

    def fail(self, names: Collection[str]) -> Fleet:
        """Serving servers go down: their slots walk on, the table stays as it is until they are replaced."""
        return self._on(Event.FAILED, names)

    def abandon(self, names: Collection[str]) -> Fleet:
        """Joining servers that did not make it are forgotten."""
        return self._on(Event.FAILED, names)

    def begin_leave(self, names: Collection[str]) -> Fleet:
        """Serving servers leave the ring for good and N is as much smaller."""
        smaller = replace(self, target=self.target - len(names))._on(Event.REMOVED, names)
        return smaller._without_replaced().placed()

    def stopped(self, names: Collection[str]) -> Fleet:
        """Leaving servers have ended."""
        return self._on(Event.STOPPED, names)

    def moved(self, addresses: Mapping[str, str]) -> Fleet:
        """Servers that answer at another address than before."""
        return replace(
            self,
            servers=tuple(
                replace(server, address=addresses.get(server.name, server.address)) for server in self.servers
            ),
        )

    def weighed(self, name: str, weight: int) -> Fleet:
        """A server on the ring has another weight. Raises InvalidRequest where the strategy knows none."""
        if not self.profile.strategy.weighted:
            raise InvalidRequest(f"weight: the strategy {self.profile.strategy.name} knows no weights")
        servers = tuple(replace(server, weight=weight) if server.name == name else server for server in self.servers)
        return replace(self, servers=servers).placed()

    def warmed(self, ramps: Mapping[int, int]) -> Fleet:
        """Servers (ring id → ramp) bear more of their weight than before."""
        servers = tuple(replace(server, ramp=ramps.get(server.ring_id, server.ramp)) for server in self.servers)
        return replace(self, servers=servers).placed()

    def switched(self, profile: RingProfile) -> Fleet:
        """The same servers under another ring profile. Raises InvalidRequest where it has no place for them."""
        if profile == self.profile:
            return self
        return replace(self, profile=profile, version=self.version + 1).placed()

    def configured_as(self, profile: RingProfile) -> Fleet:
        """Obeys the settings' profile where they name another one than before; raises as `switched`."""
        if profile == self.configured:
            return self
        return replace(self.switched(profile), configured=profile)

    def members(self) -> list[Member]:
        """The servers on the ring as the strategy sees them: without ramps where it knows no weights."""
        weighted = self.profile.strategy.weighted
        return [
            Member(server.ring_id, server.bearing if weighted else server.weight)
            for server in self.servers
            if server.state in ON_THE_RING
        ]

    def placed(self) -> Fleet:
        """The table that the strategy gives the servers on the ring; nothing moves when they are the same.

        Raises InvalidRequest where the strategy has no place for them, or none of them may own a slot.
        """
        members = self.members()
        if members and not any(member.weight for member in members):
            raise InvalidRequest("weight: one server at least has to keep a weight above 0")
        table = self.profile.strategy.place(members, self.table)
        return self if table == self.table else replace(self, table=table, version=self.version + 1)

    def _on(self, event: Event, names: Collection[str]) -> Fleet:
        servers = (server.on(event) if server.name in names else server for server in self.servers)
        return replace(self, servers=tuple(server for server in servers if server.state is not State.GONE))
