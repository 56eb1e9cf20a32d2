"""A change of the fleet that a user asks for: reads the bodies of /add and /rm strictly and chooses the servers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from balancer.core.document import json_object, printable
from balancer.core.errors import InvalidRequest, RingFull
from balancer.core.fleet import HEAVIEST
from balancer.core.hostnames import RULE, canonical, generate, is_hostname


@dataclass(frozen=True, slots=True)
class FleetChange:
    """`n`: how many servers to add or remove. `hostnames`: those that the user names, at most n. `weight`: the weight
    of added servers."""

    n: int
    hostnames: tuple[str, ...] = ()
    weight: int = 1


def parse(body: bytes, *, too_many: str) -> FleetChange:
    """The change in a request's body, read as JSON for every Content-Type. Unknown keys are ignored.

    `too_many` is the specification's error text for more hostnames than n. Raises InvalidRequest.
    """
    document = json_object(body, example='{"n":1}')
    n = _number(document)
    hostnames = _hostnames(document)
    if len(hostnames) > n:
        raise InvalidRequest(too_many)
    check_names("hostnames", hostnames)
    return FleetChange(n, hostnames, weight(document) if "weight" in document else 1)


def weight(document: Mapping[str, object], *, of: str = "") -> int:
    """The weight in a document; `of` begins the error text. Raises InvalidRequest."""
    if "weight" not in document:
        raise InvalidRequest(f"{of}weight is missing: an integer from 0 to {HEAVIEST}")
    value = document["weight"]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= HEAVIEST:
        raise InvalidRequest(f"{of}weight must be an integer from 0 to {HEAVIEST}")
    return value


def _number(document: dict[str, object]) -> int:
    if "n" not in document:
        raise InvalidRequest("n is missing: the number of servers, an integer of at least 1")
    n = document["n"]
    if isinstance(n, bool) or not isinstance(n, int):
        raise InvalidRequest("n must be an integer")
    if n < 1:
        raise InvalidRequest("n must be at least 1")
    return n


def _hostnames(document: dict[str, object]) -> tuple[str, ...]:
    hostnames = document.get("hostnames", [])
    if not isinstance(hostnames, list) or not all(isinstance(name, str) for name in hostnames):
        raise InvalidRequest("hostnames must be a list of strings")
    return tuple(hostnames)


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
