"""What must be so whenever a fleet is whole, whatever happened to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from docker.models.containers import Container

from tests.containers import crash
from tests.polling import until
from tests.system import System

_RING_ID = "ringmaster.ring_id"
_BACK_WITHIN = 60.0


def is_spare(server: Container) -> bool:
    """Whether it is kept off the ring: its container is NAME.spare until it is promoted."""
    return str(server.name).endswith(".spare")


def hostname(server: Container) -> str:
    return str(server.attrs["Config"]["Hostname"])


def broken(system: System, *, spares: int) -> list[str]:
    """One line for each invariant that does not hold."""
    report, ring = system.healthz().document, system.ring().document
    answering = tuple(system.operate("GET", "/ring/slots").document["answering"])
    members = [server["hostname"] for server in ring["servers"] if server["state"] == "serving"]
    servers = [server for server in system.containers.of("server") if not is_spare(server)]
    running = [hostname(server) for server in servers if server.status == "running"]
    known = {container.id for role in ("server", "balancer", "edge") for container in system.containers.of(role)}
    orphans = [str(container.name) for container in system.containers.all if container.id not in known]
    map_owners = tuple(walk.partition(":")[0] for walk in system.slot_map)
    counts = {
        "N": report["N"],
        "target": report["target"],
        "/rep": len(system.replicas),
        "ring members": len(members),
        "containers": len(servers),
        "running containers": len(running),
    }
    ring_ids = [server.labels[_RING_ID] for server in system.containers.of("server")]
    twice = [*_twice(members), *_twice(running), *_twice(ring_ids)]
    checks = {
        f"counts differ: {counts}": len(set(counts.values())) == 1,
        f"fleets differ: {sorted(members)}, {sorted(running)}": set(members) == set(running) == set(report["replicas"]),
        f"twice: {twice}": not twice,
        f"orphans: {orphans}": not orphans,
        f"slots of servers that do not run: {set(answering) - set(running)}": set(answering) <= set(running),
        "the edge has another map than the ring": map_owners == answering,
        "the edge is not in step": ring["in_step"],
        f"spares: {len(ring_ids) - len(servers)} of {spares}": len(ring_ids) - len(servers) == spares,
    }
    return [what for what, holds in checks.items() if not holds]


def changed_by_restart(system: System) -> list[str]:
    """What a last kill -9 of the balancer has changed: nothing, when all is well."""
    before, slots = system.standing, system.slot_map
    crash(system.containers.balancer)
    until(lambda: not system.is_ready, "the balancer is away", within=10, pause=0.01)
    system.wait_until_ready(within=_BACK_WITHIN)
    after = system.standing
    checks = {
        f"a restart of the balancer changed the fleet: {before} → {after}": before == after,
        "a restart of the balancer changed the slot map": system.slot_map == slots,
    }
    return [what for what, holds in checks.items() if not holds]


def _twice(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]
