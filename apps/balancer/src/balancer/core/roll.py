"""How a fleet goes from one release to another: new containers take over from old ones, and no slot moves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from balancer.core.deploy import Deploy, Stage
from balancer.core.fleet import ON_THE_RING, Fleet, Server
from balancer.core.lifecycle import State, Trigger
from balancer.core.release import Release


def begun(fleet: Fleet, release: Release, *, surge: int, batch: int) -> Fleet:
    """A deploy of that release begins, in the place of one that is running. Where no server serves yet there is nothing
    to roll: the first servers are made of that release."""
    if fleet.is_first or not fleet.servers:
        return replace(fleet, release=replace(release, number=fleet.release.number), deploy=None)
    last = fleet.deploy.release.number + 1 if fleet.deploy else 0
    wanted = replace(release, number=max(fleet.release.number, last) + 1)
    return replace(fleet, deploy=Deploy(wanted, surge=surge, batch=batch))


def configured(fleet: Fleet, release: Release, *, surge: int, batch: int) -> Fleet:
    """Obeys the settings' release where they name another one than before."""
    if release.is_like(fleet.configured_release):
        return fleet
    return begun(replace(fleet, configured_release=release), release, surge=surge, batch=batch)


def goal(fleet: Fleet) -> Release | None:
    """The release that a running deploy gives the servers: its own one or, on the way back, the old one under a
    new number. None where no deploy runs."""
    deploy = fleet.deploy
    if deploy is None or not deploy.is_active:
        return None
    return deploy.release if deploy.stage is Stage.ROLLING else replace(fleet.release, number=deploy.release.number + 1)


def outdated(fleet: Fleet) -> tuple[Server, ...]:
    """Serving servers that a running deploy has not come to yet. On the way back the servers that never left the old
    release stay as they are."""
    deploy, release = fleet.deploy, goal(fleet)
    if deploy is None or release is None:
        return ()
    good = {release.number} if deploy.stage is Stage.ROLLING else {release.number, fleet.release.number}
    return tuple(server for server in fleet.of(State.SERVING) if server.release not in good)


def is_new(fleet: Fleet, server: Server) -> bool:
    """Whether a running deploy gave the server its new release."""
    deploy = fleet.deploy
    return deploy is not None and deploy.stage is Stage.ROLLING and server.release == deploy.release.number


def newcomers(servers: Collection[Server], release: Release) -> tuple[Server, ...]:
    """The servers as their new containers will be."""
    return tuple(
        replace(server, state=State.JOINING, address="", release=release.number, rolled=True) for server in servers
    )


def joining(fleet: Fleet, newcomers: Collection[Server]) -> Fleet:
    """The new containers are on their way."""
    return replace(fleet, servers=(*fleet.servers, *newcomers))


def taken_over(fleet: Fleet, addresses: Mapping[str, str]) -> Fleet:
    """The joining containers of `addresses` (by instance) serve in the places of the old ones, which leave the ring. No
    slot moves. One whose old server is not on the ring any more has no place and is forgotten."""
    ready = {
        server.ring_id: replace(server.on(Trigger.READY), address=addresses[server.instance])
        for server in fleet.servers
        if server.instance in addresses
    }
    servers: list[Server] = []
    leaving: list[Server] = []
    for server in fleet.servers:
        if server.instance in addresses:
            continue
        if server.ring_id in ready and server.state in ON_THE_RING:
            servers.append(ready[server.ring_id])
            leaving += [server.on(Trigger.REMOVED)] if server.state is State.SERVING else []
        else:
            servers.append(server)
    return replace(fleet, servers=(*servers, *leaving))


def turned_back(fleet: Fleet, number: int, reason: str) -> Fleet:
    """A deploy whose goal is the release of that number goes back; one that was on its way back is stuck. A server of
    the new release that fails later, because its start had begun before, changes nothing."""
    deploy, release = fleet.deploy, goal(fleet)
    if deploy is None or release is None or release.number != number:
        return fleet
    if deploy.stage is Stage.ROLLING:
        return replace(fleet, deploy=replace(deploy, stage=Stage.BACK, reason=reason))
    return replace(fleet, deploy=replace(deploy, stage=Stage.STUCK, reason=f"{deploy.reason}; going back: {reason}"))


def ended(fleet: Fleet) -> Fleet:
    """A running deploy has come to every server: new ones are made of the release from now on."""
    deploy = fleet.deploy
    if deploy is None or not deploy.is_active:
        return fleet
    if deploy.stage is Stage.ROLLING:
        return replace(fleet, release=deploy.release, deploy=replace(deploy, stage=Stage.DONE))
    return replace(fleet, deploy=replace(deploy, stage=Stage.UNDONE))
