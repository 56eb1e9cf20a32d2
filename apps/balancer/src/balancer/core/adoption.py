"""The fleet that the containers tell of, where no saved fleet can be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from balancer.core.fleet import Fleet, Server
from balancer.core.fleet_settings import FleetSettings
from balancer.core.lifecycle import State
from balancer.core.observed import Observed
from balancer.core.release import Release
from balancer.core.ring_profile import RingProfile
from balancer.core.strategies import Table
from balancer.core.strategies.strategy import POWERS_OF_TWO


def adopted(observed: Collection[Observed], settings: FleetSettings) -> Fleet:
    """The fleet of these containers, at least one, in the order of their ring ids. Containers do not tell weights, nor
    a ring profile that a user set: the fleet has weights of 1 and the settings' profile. Where that profile cannot
    place so many servers, the strategy table places them, so that all of them serve.

    A roll may have left two containers of one server. Then the running one serves; of two running ones, the one whose
    container name is the hostname; else the newer one. The other one is leaving.

    Containers that are not of the settings' release are told by their fingerprints. They are asked as their labels say,
    and the configured release is left unknown, so that a deploy gives them the settings' release.
    """
    release = _present(settings.release, observed)
    by_ring_id: dict[int, list[Observed]] = defaultdict(list)
    for container in observed:
        by_ring_id[container.ring_id].append(container)
    servers: list[Server] = []
    for ring_id in sorted(by_ring_id):
        first, *others = sorted(by_ring_id[ring_id], key=_precedence)
        servers.append(_server(first, State.SPARE if _is_spare(first) else State.SERVING, release))
        servers += [_server(other, State.LEAVING, release) for other in others]
    serving = [server for server in servers if server.state is State.SERVING]
    is_settled = all(server.release == release.number for server in serving)
    target = len(serving)
    empty = Fleet.empty(_profile_for(target, settings.profile), release)
    return replace(
        empty,
        servers=tuple(servers),
        target=target,
        next_ring_id=max(by_ring_id) + 1,
        configured_release=release if is_settled else replace(release, image=""),
        releases=_others(release, observed),
        generation=max(max(container.generation, container.release) for container in observed),
    ).placed()


def _present(settings: Release, observed: Collection[Observed]) -> Release:
    """The settings' release as the containers have it: with the number and the image of the newest one that is of it.
    Where none is, or another one has the number, under a new number."""
    same = [container for container in observed if _is_of(settings, container)]
    newest = max(same, key=lambda container: container.release, default=None)
    image = newest.image if newest and not settings.content else settings.content
    present = replace(settings, content=image)
    numbers = {container.release for container in observed if not _is_of(present, container)}
    if newest and newest.release not in numbers:
        return replace(present, number=newest.release)
    return replace(present, number=max(container.release for container in observed) + 1)


def _is_of(release: Release, container: Observed) -> bool:
    return release.is_named(container.fingerprint) and release.content in ("", container.image)


def _others(present: Release, observed: Collection[Observed]) -> tuple[Release, ...]:
    """What is known of the other releases that the containers are made of."""
    others: dict[int, Release] = {}
    for container in observed:
        if not _is_of(present, container):
            told = container.heartbeat or present.heartbeat
            others[container.release] = replace(
                present,
                number=container.release,
                image="",
                content=container.image,
                heartbeat_path=told.path,
                heartbeat_host=told.host,
                heartbeat_status=told.status,
                heartbeat_timeout=told.timeout,
                protocol=told.protocol,
            )
    return tuple(others.values())


def _profile_for(count: int, profile: RingProfile) -> RingProfile:
    """The profile, with a strategy that can place `count` servers."""
    if count <= profile.strategy.capacity:
        return profile
    return replace(profile, strategy=Table() if count <= Table().capacity else Table(slots=POWERS_OF_TWO[-1]))


def _server(container: Observed, state: State, present: Release) -> Server:
    hostname, _, rolled = container.instance.partition(".")
    return Server(
        hostname,
        container.ring_id,
        state,
        container.address,
        release=present.number if _is_of(present, container) else container.release,
        rolled=bool(rolled),
        generation=container.generation,
    )


def _is_spare(container: Observed) -> bool:
    return container.container_name.endswith(".spare")


def _precedence(container: Observed) -> tuple[bool, bool, int]:
    is_settled = container.container_name == container.instance.partition(".")[0]
    return not container.running, not is_settled, -container.generation
