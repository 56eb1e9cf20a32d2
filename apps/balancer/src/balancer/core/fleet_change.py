"""A change of the fleet that a user asks for: checks the hostnames and chooses the servers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from balancer.core.document import printable
from balancer.core.errors import InvalidRequest, RingFull
from balancer.core.hostnames import RULE, canonical, generate, is_hostname


@dataclass(frozen=True, slots=True)
class FleetChange:
    """`n`: how many servers to add or remove. `hostnames`: those that the user names, at most n. `weight`: the weight
    of added servers."""

    n: int
    hostnames: tuple[str, ...] = ()
    weight: int = 1


def checked(change: FleetChange, *, too_many: str) -> FleetChange:
    """The change, whose hostnames are good. `too_many` is the specification's error text for more hostnames than n.
    Raises InvalidRequest."""
    if len(change.hostnames) > change.n:
        raise InvalidRequest(too_many)
    check_names("hostnames", change.hostnames)
    return change


def check_names(field: str, hostnames: Sequence[str]) -> None:
    """Raises InvalidRequest for an invalid hostname, and for a hostname given twice."""
    for name in hostnames:
        if not is_hostname(name):
            raise InvalidRequest(f"{field}: {printable(name)} is not a valid hostname: {RULE}")
    seen: set[str] = set()
    for name in hostnames:
        if canonical(name) in seen:
            raise InvalidRequest(f"{field}: {name} is given twice")
        seen.add(canonical(name))


def to_add(
    change: FleetChange,
    *,
    taken: Collection[str],
    reserved: Collection[str],
    room: int,
    limit: str,
    choose: Callable[[str], str],
) -> tuple[str, ...]:
    """The hostnames of the servers to start: those that the user names, then generated ones.

    `taken`: the hostnames in use. `reserved`: hostnames that no server may have. `room`: how many more servers fit.
    `limit`: the sentence that says why not more. Raises InvalidRequest, RingFull.
    """
    existing = {canonical(name) for name in taken}
    for name in change.hostnames:
        if canonical(name) in existing:
            raise InvalidRequest(f"hostnames: {name} already exists")
        if canonical(name) in {canonical(other) for other in reserved}:
            raise InvalidRequest(f"hostnames: {name} is the name of a part of the deployment itself")
    if change.n > room:
        raise RingFull(f"n: {change.n} is too many: {limit}")
    chosen = list(change.hostnames)
    while len(chosen) < change.n:
        chosen.append(generate([*taken, *reserved, *chosen], choose))
    return tuple(chosen)


def to_remove(
    change: FleetChange, *, replicas: Sequence[str], draw: Callable[[Sequence[str], int], list[str]]
) -> tuple[str, ...]:
    """The hostnames of the servers to remove: those that the user names, then random ones. `draw(hostnames, k)` draws
    k of them. Raises InvalidRequest."""
    for name in change.hostnames:
        if name not in replicas:
            raise InvalidRequest(f"hostnames: {name} does not exist")
    if change.n > len(replicas):
        raise InvalidRequest(f"n: {change.n} is too many: there are {len(replicas)} servers")
    rest = [name for name in replicas if name not in change.hostnames]
    return (*change.hostnames, *draw(rest, change.n - len(change.hostnames)))
