"""The preview of another ring: the shares now, the shares then, and what would move. It changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from balancer.core.errors import InvalidRequest
from balancer.core.fleet import HEAVIEST, ON_THE_RING, Fleet, Server
from balancer.core.fleet_change import check_names
from balancer.core.lifecycle import State
from balancer.core.prediction import Expectation, expectations, least_move, moved_share
from balancer.core.ring_profile import RingProfile
from balancer.core.slot_table import SlotTable
from balancer.core.strategies.strategy import check_integer


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """`profile`: the JSON object of a ring profile; None for the present one. `servers`: hostname → weight, where None
    stands for the present weight, or 1 for a new server; None as a whole for the present servers."""

    profile: object | None = None
    servers: Mapping[str, int | None] | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """A ring profile, the expectation of each server, as if all servers on the ring served, and the slot table."""

    profile: RingProfile
    servers: tuple[Expectation, ...]
    table: SlotTable


@dataclass(frozen=True, slots=True)
class Moved:
    """`slots` of the `of` slots would change their owner; None where M itself changes. `share`: the part of all keys
    that would change their owner. `minimum`: the least share that any ring with exact weights has to move."""

    slots: int | None
    of: int
    share: float
    minimum: float


@dataclass(frozen=True, slots=True)
class Preview:
    now: Side
    then: Side
    moved: Moved


def parse_servers(servers: object) -> dict[str, int | None]:
    """The servers of a preview from JSON: an object of weights, or a list of hostnames. Raises InvalidRequest."""
    if isinstance(servers, list) and all(isinstance(name, str) for name in servers):
        check_names("servers", servers)
        return dict.fromkeys(servers)
    if not isinstance(servers, dict):
        raise InvalidRequest('servers must be a list of hostnames, or an object of weights such as {"S1":1,"S2":2}')
    check_names("servers", list(servers))
    for name, weight in servers.items():
        check_integer(f"servers: {name}: weight", weight, 0, HEAVIEST)
    return servers


def preview(fleet: Fleet, profile: RingProfile, servers: Mapping[str, int | None] | None) -> Preview:
    """The present ring beside the ring with that profile and those servers (hostname → weight).

    Raises InvalidRequest where the profile cannot place the servers.
    """
    now = replace(fleet, servers=fleet.of(*ON_THE_RING))
    then = replace(now, servers=now.servers if servers is None else _members(now, servers), profile=profile).placed()
    return Preview(
        now=Side(now.profile, expectations(now, now.table), now.table),
        then=Side(then.profile, expectations(then, then.table), then.table),
        moved=Moved(
            slots=now.table.moved(then.table) if now.table.slots == then.table.slots else None,
            of=then.table.slots,
            share=moved_share(now, then),
            minimum=least_move(now.members(), then.members()),
        ),
    )


def _members(fleet: Fleet, servers: Mapping[str, int | None]) -> tuple[Server, ...]:
    """The servers of the preview. Present servers keep their ring ids; new ones get the next ones and the ramp WARM."""
    present = {server.hostname: server for server in fleet.servers}
    joining = [hostname for hostname in servers if hostname not in present]
    newcomers = {
        hostname: Server(hostname, fleet.next_ring_id + at, State.SERVING) for at, hostname in enumerate(joining)
    }
    found = [(present.get(hostname) or newcomers[hostname], given) for hostname, given in servers.items()]
    return tuple(replace(server, weight=server.weight if given is None else given) for server, given in found)
