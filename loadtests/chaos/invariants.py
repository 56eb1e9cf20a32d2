"""What must be so whenever a fleet is whole, whatever happened to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from docker.models.containers import Container

from loadtests.chaos.calls import VARIABLE
from loadtests.chaos.expected import FleetServer, FleetState
from loadtests.faults.servers import hostname, is_spare
from tests.containers import Role, crash
from tests.polling import until
from tests.system import System

_RING_ID = "ringmaster.ring_id"
_BACK_WITHIN = 60.0
ENDED = ("", "done", "rolled back")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One moment of a deployment, as each of its parts tells it. `n` and `target`: by /healthz, `replicas`: by /rep;
    `members`: who serves by GET /ring; `containers`: how many the servers have, `running`: hostnames of those that run;
    `answering` and `edge_map`: slot → hostname, by the balancer and at the edge; `unknown`: containers of no role."""

    n: int
    target: int
    replicas: Sequence[str]
    members: Sequence[str]
    running: Sequence[str]
    containers: int
    ring_ids: Sequence[str]
    answering: Sequence[str]
    edge_map: Sequence[str]
    unknown: Sequence[str]
    in_step: bool
    spares: int
    state: FleetState


def look(system: System) -> Picture:
    report, ring = system.healthz().document, system.ring().document
    answering = system.operate("GET", "/ring/slots").document["answering"]
    everybody = system.containers.of("server")
    servers = [server for server in everybody if not is_spare(server)]
    roles: tuple[Role, ...] = ("server", "balancer", "edge", "keeper")
    known = {container.id for role in roles for container in system.containers.of(role)}
    return Picture(
        n=report["N"],
        target=report["target"],
        replicas=system.replicas,
        members=[server["hostname"] for server in ring["servers"] if server["state"] == "serving"],
        running=[hostname(server) for server in servers if server.status == "running"],
        containers=len(servers),
        ring_ids=[server.labels[_RING_ID] for server in everybody],
        answering=answering,
        edge_map=[walk.partition(":")[0] for walk in system.slot_map],
        unknown=[str(container.name) for container in system.containers.all if container.id not in known],
        in_step=ring["in_step"],
        spares=len(everybody) - len(servers),
        state=_state(report, ring, system.stage, everybody),
    )


def _state(
    report: Mapping[str, Any], ring: Mapping[str, Any], stage: str, containers: Sequence[Container]
) -> FleetState:
    return FleetState(
        target=report["target"],
        profile=ring["profile"],
        servers=[
            FleetServer(server["hostname"], server["ring_id"], server["weight"])
            for server in ring["servers"]
            if server["state"] == "serving"
        ],
        environments={str(container.name): _variable(container) for container in containers},
        stage=stage,
    )


def _variable(container: Container) -> str:
    """What deploys have set."""
    variables = dict(variable.split("=", 1) for variable in container.attrs["Config"]["Env"])
    return str(variables.get(VARIABLE, ""))


def broken(picture: Picture, *, spares: int) -> list[str]:
    """One line for each invariant that does not hold."""
    running, members, answering = set(picture.running), set(picture.members), set(picture.answering)
    counts = {
        "N": picture.n,
        "target": picture.target,
        "/rep": len(picture.replicas),
        "ring members": len(picture.members),
        "containers": picture.containers,
        "running containers": len(picture.running),
    }
    twice = [*_twice(picture.members), *_twice(picture.running), *_twice(picture.ring_ids)]
    checks = {
        f"counts differ: {counts}": len(set(counts.values())) == 1,
        f"fleets differ: {sorted(members)}, {sorted(running)}": members == running == set(picture.replicas),
        f"twice: {twice}": not twice,
        f"orphans: {picture.unknown}": not picture.unknown,
        f"slots of servers that do not run: {answering - running}": answering <= running,
        "the edge has another map than the ring": list(picture.edge_map) == list(picture.answering),
        "the edge is not in step": picture.in_step,
        f"spares: {picture.spares} of {spares}": picture.spares == spares,
        f"the deploy is {picture.state.stage}": picture.state.stage in ENDED,
    }
    return [what for what, holds in checks.items() if not holds]


def changed_by_restart(system: System) -> list[str]:
    """What a last kill -9 of the balancer has changed: nothing, when all is well."""
    before, slots = system.standing, system.slot_map
    crash(system.containers.balancer)
    until(lambda: not system.is_ready, "the balancer is away", within=10, pause=0.01)
    system.wait_until_ready(within=_BACK_WITHIN)
    after, slots_after = system.standing, system.slot_map
    moved = [f"{slot}: {was} → {now}" for slot, (was, now) in enumerate(zip_longest(slots, slots_after)) if was != now]
    checks = {
        f"a restart of the balancer changed the fleet: {before} → {after}": before == after,
        f"a restart of the balancer moved {len(moved)} slots of {len(slots)}: {moved[:5]}": slots == slots_after,
    }
    return [what for what, holds in checks.items() if not holds]


def _twice(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]
