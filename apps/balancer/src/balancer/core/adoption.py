"""The fleet that the containers tell of, where no saved fleet can be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from balancer.core.fleet import Fleet, Server
from balancer.core.fleet_settings import FleetSettings
from balancer.core.lifecycle import State
from balancer.core.observed import Observed
from balancer.core.ring_profile import RingProfile
from balancer.core.strategies import Table
from balancer.core.strategies.strategy import POWERS_OF_TWO


def adopted(observed: Collection[Observed], settings: FleetSettings) -> Fleet:
    """The fleet of these containers, at least one, in the order of their ring ids. Containers do not tell weights, nor
    a ring profile that a user set: the fleet has weights of 1 and the settings' profile. Where that profile cannot
    place so many servers, the strategy table places them, so that all of them serve.

    A roll may have left two containers of one server. Then the running one serves; of two running ones, the one whose
    container name is the hostname; else the newer one. The other one is leaving.
    """
    by_ring_id: dict[int, list[Observed]] = defaultdict(list)
    for container in observed:
        by_ring_id[container.ring_id].append(container)
    servers: list[Server] = []
    for ring_id in sorted(by_ring_id):
        first, *others = sorted(by_ring_id[ring_id], key=_precedence)
        servers.append(_server(first, State.SPARE if _is_spare(first) else State.SERVING))
        servers += [_server(other, State.LEAVING) for other in others]
    release = replace(settings.release, number=max(server.release for server in servers))
    target = sum(server.state is State.SERVING for server in servers)
    return replace(
        Fleet.empty(_profile_for(target, settings.profile), release),
        servers=tuple(servers),
        target=target,
        next_ring_id=max(by_ring_id) + 1,
    ).placed()


def _profile_for(count: int, profile: RingProfile) -> RingProfile:
    """The profile, with a strategy that can place `count` servers."""
    if count <= profile.strategy.capacity:
        return profile
    return replace(profile, strategy=Table() if count <= Table().capacity else Table(slots=POWERS_OF_TWO[-1]))


def _server(container: Observed, state: State) -> Server:
    hostname, _, rolled = container.instance.partition(".")
    return Server(hostname, container.ring_id, state, container.address, release=container.release, rolled=bool(rolled))


def _is_spare(container: Observed) -> bool:
    return container.container_name.endswith(".spare")


def _precedence(container: Observed) -> tuple[bool, bool, int]:
    is_settled = container.container_name == container.instance.partition(".")[0]
    return not container.running, not is_settled, -container.release
