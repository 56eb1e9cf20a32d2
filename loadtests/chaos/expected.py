"""What the fleet may be after calls whose answers are known, lost or never came. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import permutations
from typing import Any

CARRIED_OUT = frozenset({HTTPStatus.OK, HTTPStatus.ACCEPTED})
UNKNOWN = frozenset({0, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE})
"""The balancer or the engine went away meanwhile, or nobody answered (0): the call was finished or undone."""

PROFILE, ENVIRONMENT = "profile", "environment"


@dataclass(frozen=True, slots=True)
class Write:
    """A call that sets `what` to `value`, from when to when (never: infinity), and the status of its answer."""

    what: str
    value: Any
    began: float
    ended: float
    status: int


@dataclass(frozen=True, slots=True)
class FleetServer:
    hostname: str
    ring_id: int
    weight: int


@dataclass(frozen=True, slots=True)
class FleetState:
    """What calls have set. `environments`: container → what the last deploy gave it, empty where none did; `stage`: of
    the latest deploy, empty where there was none."""

    target: int
    profile: Mapping[str, Any]
    servers: Sequence[FleetServer]
    environments: Mapping[str, str] = field(default_factory=dict)
    stage: str = ""


def possible_targets(target: int, calls: Iterable[tuple[int, int]]) -> set[int]:
    """`target` was N before the `calls`: by how much each changes N, and the status of its answer."""
    possible = {target}
    for delta, status in calls:
        changed = {each + delta for each in possible}
        possible = changed if status in CARRIED_OUT else possible | changed if status in UNKNOWN else possible
    return possible


def possible_values(before: Iterable[Any], writes: Sequence[Write]) -> list[Any]:
    """`before` were the possible values before the `writes`. A value stands unless a call that began later was carried
    out after it."""
    done = [write for write in writes if write.status in CARRIED_OUT]
    may_be_done = [*done, *(write for write in writes if write.status in UNKNOWN)]
    standing = [write.value for write in may_be_done if not any(write.ended < other.began for other in done)]
    return standing if done else [*before, *standing]


def changed(
    before: FleetState,
    after: FleetState,
    writes: Sequence[Write],
    *,
    environments: Collection[str],
    scaled: bool,
    lost: FleetState | None,
) -> list[str]:
    """A line for everything that is not as acknowledged. `environments`: what a server's may be; `scaled`: whether
    calls changed N; `lost`: what counts where the state was lost, None where it was not."""
    profiles = possible_values([before.profile], [write for write in writes if write.what == PROFILE])
    profiles += [lost.profile] if lost else []
    is_profile = any(asked.items() <= after.profile.items() for asked in profiles)
    strange = {name: value for name, value in after.environments.items() if value not in environments}
    return [
        *([] if is_profile else [f"the ring profile is {after.profile}; possible: {profiles}"]),
        *([f"environments {strange}; possible: {sorted(environments)}"] if strange else []),
        *_weights(before, after, writes, scaled=scaled, lost=bool(lost)),
    ]


def _weights(before: FleetState, after: FleetState, writes: Sequence[Write], *, scaled: bool, lost: bool) -> list[str]:
    """A server keeps its weight, and whatever replaces it inherits it; one that was added weighs 1."""
    old = {server.ring_id: server for server in before.servers}
    new = {server.ring_id: server for server in after.servers}
    if lost and {server.weight for server in after.servers} == {1}:
        return []

    def possible(server: FleetServer) -> list[Any]:
        first = [server.weight] if server.ring_id in old else [1]
        return possible_values(first, [write for write in writes if write.what == server.hostname])

    wrong = [
        f"{server.hostname} weighs {server.weight}; possible: {possible(old[ring_id])}"
        for ring_id, server in new.items()
        if ring_id in old and server.weight not in possible(old[ring_id])
    ]
    gone = [possible(server) for ring_id, server in old.items() if ring_id not in new]
    joined = [server for ring_id, server in new.items() if ring_id not in old]
    named = {
        server.hostname: possible_values([], [w for w in writes if w.what == server.hostname]) for server in joined
    }
    inherited = _can_inherit([(server.weight, named[server.hostname]) for server in joined], gone, scaled=scaled)
    told = {server.hostname: server.weight for server in joined}
    return wrong if inherited else [*wrong, f"who joined weighs {told}; who went weighed {gone}"]


def _can_inherit(joined: Sequence[tuple[int, list[Any]]], gone: Sequence[list[Any]], *, scaled: bool) -> bool:
    """Whether each of those that joined may have its weight: from one of those that went, or as it was told. Where
    calls changed N some of either have no counterpart."""
    if scaled:
        return all(weight in {1, *told, *(each for one in gone for each in one)} for weight, told in joined)
    return len(joined) == len(gone) and any(
        all(weight in [*told, *one] for (weight, told), one in zip(joined, order, strict=True))
        for order in permutations(gone)
    )


def possible_environments(before: Collection[str], writes: Sequence[Write], *, stage: str) -> set[str]:
    """What a server's environment may be: a deploy that was accepted may have gone back. `stage`: of the latest."""
    deploys = [write for write in writes if write.what == ENVIRONMENT]
    values = [write.value for write in deploys if write.status in CARRIED_OUT | UNKNOWN]
    if len(deploys) == 1 and deploys[0].status in CARRIED_OUT and stage in ("done", "rolled back"):
        return set(values) if stage == "done" else set(before)
    return {*before, *values}
