"""The one decision: what follows when the desired fleet meets what is observed. Nothing is done here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from balancer.core.fleet import Fleet
from balancer.core.lifecycle import State


@dataclass(frozen=True, slots=True)
class Observed:
    """A server's container as the engine shows it; `address` ("ip:port") is empty off the network."""

    name: str
    ring_id: int
    running: bool
    address: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """`failed`: name → reason, to take off the ring; `fence`: containers to kill and remove; `moved`: name → new
    address; `abandon`: joining servers that nobody brings up any more; `retire`: servers that were leaving when
    somebody stopped caring for them; `start`: how many replacements to begin."""

    failed: Mapping[str, str]
    fence: tuple[str, ...]
    moved: Mapping[str, str]
    abandon: tuple[str, ...]
    retire: tuple[str, ...]
    start: int


def decide(
    fleet: Fleet,
    observed: Mapping[str, Observed],
    *,
    known: Collection[int],
    suspects: Collection[int],
    replacing: int,
    in_hand: Collection[str],
) -> Plan:
    """`known` are the ring ids that served before the observation was made: only these can be missing from it.
    `suspects` (ring ids) missed their heartbeats; `replacing` replacements are on their way; what is `in_hand`
    is being started or removed by somebody already and is left to them."""
    failed: dict[str, str] = {}
    moved: dict[str, str] = {}
    for server in fleet.servers:
        if server.state is not State.SERVING or server.ring_id not in known:
            continue
        container = observed.get(server.name)
        if container is not None and container.ring_id != server.ring_id:
            container = None
        reason = failure(container, suspected=server.ring_id in suspects)
        if reason:
            failed[server.name] = reason
        elif observed[server.name].address != server.address:
            moved[server.name] = observed[server.name].address
    abandon = () if fleet.is_first else tuple(name for name in fleet.named(State.JOINING) if name not in in_hand)
    wanted = {
        (server.name, server.ring_id)
        for server in fleet.servers
        if server.state is not State.DOWN and server.name not in failed and server.name not in abandon
    }
    serving = len(fleet.replicas) - len(failed)
    return Plan(
        failed=failed,
        fence=tuple(
            name
            for name, container in sorted(observed.items())
            if (name, container.ring_id) not in wanted and name not in in_hand
        ),
        moved=moved,
        abandon=abandon,
        retire=tuple(name for name in fleet.named(State.LEAVING) if name not in in_hand),
        start=max(0, fleet.target - serving - replacing),
    )


def failure(container: Observed | None, *, suspected: bool) -> str:
    """Why a serving server counts as failed; empty when it does not."""
    if container is None:
        return "its container is gone"
    if not container.running:
        return f"its container is not running: {container.status}"
    if not container.address:
        return "its container is off the network"
    return "it missed its heartbeats" if suspected else ""
