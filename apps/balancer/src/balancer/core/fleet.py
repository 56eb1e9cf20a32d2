"""The desired fleet: its servers, how many there shall be, and the slot table. Every change gives a new value."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from balancer.core.lifecycle import Event, State, after
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Strategy

ON_THE_RING = (State.SERVING, State.DOWN)


@dataclass(frozen=True, slots=True)
class Server:
    """One server of the fleet; `address` is "ip:port" as soon as it has one."""

    name: str
    ring_id: int
    state: State
    address: str = ""

    def on(self, event: Event) -> Server:
        return replace(self, state=after(self.state, event))


@dataclass(frozen=True, slots=True)
class Fleet:
    """`servers` in the order of joining; `target` is N, the number to keep alive; ring ids are never given twice."""

    servers: tuple[Server, ...]
    target: int
    next_ring_id: int
    table: SlotTable

    @classmethod
    def empty(cls, slots: int) -> Fleet:
        return cls((), 0, 1, SlotTable.empty(slots))

    def named(self, *states: State) -> tuple[str, ...]:
        return tuple(server.name for server in self.servers if server.state in states)

    @property
    def replicas(self) -> tuple[str, ...]:
        """Who answers requests, in the order of joining."""
        return self.named(State.SERVING)

    def server(self, name: str) -> Server:
        return next(server for server in self.servers if server.name == name)

    @classmethod
    def first(cls, names: Sequence[str], slots: int) -> Fleet:
        """A new deployment's fleet, nothing of it started yet."""
        return replace(cls.empty(slots).begin_join(names), target=len(names))

    @property
    def is_first(self) -> bool:
        """Whether a new deployment's fleet is still on its way: the same names and ids are tried until it serves."""
        return self.target > 0 and len(self.named(State.JOINING)) == len(self.servers) == self.target

    def begin_join(self, names: Sequence[str]) -> Fleet:
        """New servers get the next ring ids, in the order of their names here."""
        newcomers = tuple(Server(name, self.next_ring_id + i, State.JOINING) for i, name in enumerate(names))
        return replace(self, servers=self.servers + newcomers, next_ring_id=self.next_ring_id + len(names))

    def grow(self, addresses: Mapping[str, str], strategy: Strategy) -> Fleet:
        """The joining servers of `addresses` serve from now on, and N is as much larger."""
        return replace(self, target=self.target + len(addresses))._joined(addresses, strategy)

    def fill(self, addresses: Mapping[str, str], strategy: Strategy) -> Fleet:
        """The joining servers of `addresses` take the places of servers that are down; N stays."""
        return self._joined(addresses, strategy)

    def _joined(self, addresses: Mapping[str, str], strategy: Strategy) -> Fleet:
        present = tuple(server for server in self.servers if server.name not in addresses)
        newcomers = [
            replace(server.on(Event.READY), address=addresses[server.name])
            for server in self.servers
            if server.name in addresses
        ]
        return replace(self, servers=(*present, *newcomers))._without_replaced().placed(strategy)

    def _without_replaced(self) -> Fleet:
        """Servers that are down leave the ring, the longest there first, as far as others fill N."""
        surplus = len(self.named(*ON_THE_RING)) - self.target
        replaced = self.named(State.DOWN)[: max(0, surplus)]
        return self._on(Event.REPLACED, replaced)

    def fail(self, names: Collection[str]) -> Fleet:
        """Serving servers go down: their slots walk on, the table stays as it is until they are replaced."""
        return self._on(Event.FAILED, names)

    def abandon(self, names: Collection[str]) -> Fleet:
        """Joining servers that did not make it are forgotten."""
        return self._on(Event.FAILED, names)

    def begin_leave(self, names: Collection[str], strategy: Strategy) -> Fleet:
        """Serving servers leave the ring for good and N is as much smaller."""
        smaller = replace(self, target=self.target - len(names))._on(Event.REMOVED, names)
        return smaller._without_replaced().placed(strategy)

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

    def placed(self, strategy: Strategy) -> Fleet:
        """The table that the strategy gives the servers on the ring; nothing moves when they are the same."""
        members = [Member(server.ring_id) for server in self.servers if server.state in ON_THE_RING]
        return replace(self, table=strategy.place(members, self.table))

    def _on(self, event: Event, names: Collection[str]) -> Fleet:
        servers = (server.on(event) if server.name in names else server for server in self.servers)
        return replace(self, servers=tuple(server for server in servers if server.state is not State.GONE))
