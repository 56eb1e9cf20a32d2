"""Routes: what a data plane has to obey. Made from the fleet, immutable, named by a digest."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from balancer.core.fleet import Fleet
from balancer.core.lifecycle import State


@dataclass(frozen=True, slots=True)
class Backend:
    """A server that a plane may send requests to; a draining one only finishes what it has."""

    name: str
    address: str
    draining: bool = False


@dataclass(frozen=True, slots=True)
class Routes:
    """`slots[slot]` names the server that answers the slot's requests; all empty strings for an empty fleet."""

    slots: tuple[str, ...]
    backends: tuple[Backend, ...]

    @property
    def digest(self) -> str:
        """The same for the same routes, on every machine: 16 hex digits."""
        return sha256(repr((self.slots, self.backends)).encode()).hexdigest()[:16]


def routes(fleet: Fleet) -> Routes:
    """Slots of servers that are down walk on to the next living owner."""
    names = {server.ring_id: server.name for server in fleet.servers if server.state is State.SERVING}
    table = fleet.table.among(names.keys())
    return Routes(
        slots=tuple(names.get(owner, "") for owner in table.owners) if names else ("",) * fleet.table.slots,
        backends=tuple(
            Backend(server.name, server.address, draining=server.state is State.LEAVING)
            for server in fleet.servers
            if server.state in (State.SERVING, State.LEAVING)
        ),
    )
