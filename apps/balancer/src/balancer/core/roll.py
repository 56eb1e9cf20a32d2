"""The roll: how a fleet gets from one release to another. New containers take over from old ones; no slot moves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from balancer.core.deploy import Deploy, Stage
from balancer.core.fleet import COUNTED, ON_THE_RING, Fleet, Server
from balancer.core.lifecycle import State, Trigger
from balancer.core.release import Release


def begun(fleet: Fleet, release: Release, *, surge: int, batch: int, pull: bool = False, anew: bool = True) -> Fleet:
    """A deploy of that release begins with its image, and replaces a running deploy. Where no server serves yet, the
    first servers are made of that release and there is no deploy."""
    if fleet.is_first:
        return replace(fleet, release=replace(release, number=fleet.release.number), deploy=None)
    generation = 1 + max(fleet.generation, *(known.number for known in fleet.known_releases))
    wanted = replace(release, number=generation)
    deploy = Deploy(wanted, surge=surge, batch=batch, stage=Stage.PULLING, pull=pull, anew=anew)
    return replace(fleet, releases=fleet.known_releases, generation=generation, deploy=deploy).remembering()


def configured(fleet: Fleet, release: Release, *, surge: int, batch: int) -> Fleet:
    """A deploy of the settings' release begins where the settings name another one than before: other fields, or
    another content of the image where they name that. Where the image's name has come to mean something else,
    nothing begins: nobody has asked for it."""
    before = fleet.configured_release
    if release.is_like(before) and release.content in ("", before.content):
        return fleet
    return begun(replace(fleet, configured_release=release), release, surge=surge, batch=batch, anew=False)


def pulled(fleet: Fleet, release: Release) -> Fleet:
    """The deploy of that release has its image, and servers are rolled from now on. Where there is nothing to roll, the
    deploy is over. For a release that is not being pulled any more nothing changes."""
    deploy = fleet.deploy
    if deploy is None or not deploy.is_pulling or deploy.release.number != release.number:
        return fleet
    if not fleet.servers:
        return replace(fleet, release=release, deploy=replace(deploy, release=release, stage=Stage.DONE))
    known = _known(fleet, release)
    if known and all(server.release == known.number for server in fleet.of(*COUNTED)):
        if not deploy.anew:
            done = replace(deploy, release=known, stage=Stage.DONE)
            return replace(fleet, release=known, deploy=done).remembering()
        known = None  # All servers have it already: it is a restart, whose own number rolls all of them.
    return replace(fleet, deploy=replace(deploy, release=known or release, stage=Stage.ROLLING)).remembering()


def _known(fleet: Fleet, release: Release) -> Release | None:
    """The same release as the fleet knows it, under the number that it has there."""
    known = (known for known in fleet.known_releases if known.number != release.number)
    return next((one for one in known if one.is_same(release)), None)


def called_off(fleet: Fleet, number: int, reason: str) -> Fleet:
    """The deploy whose goal is the release of that number goes back, or ends where it still pulls."""
    return not_pulled(going_back(fleet, number, reason), number, reason)


def not_pulled(fleet: Fleet, number: int, reason: str) -> Fleet:
    """The deploy of the release of that number ends before it has changed anything, where it still pulls. Where the
    deploy before it had stopped half-way, servers have different releases: then they go back to the old one."""
    deploy = fleet.deploy
    if deploy is None or not deploy.is_pulling or deploy.release.number != number:
        return fleet
    if all(server.release == fleet.release.number for server in fleet.of(*COUNTED)):
        return replace(fleet, deploy=replace(deploy, stage=Stage.ROLLED_BACK, reason=reason))
    return _turned_round(fleet, deploy, reason)


def made_of(fleet: Fleet, release: Release) -> Fleet:
    """The fleet's release with the image that was found for it. For another release nothing changes."""
    present = fleet.release
    if not release.is_like(present) or release.number != present.number or present.content not in ("", release.content):
        return fleet
    return replace(fleet, release=release)


def goal(fleet: Fleet) -> Release | None:
    """The release that a running deploy gives the servers: the new release or, on the way back, the old one. None where
    no deploy runs, or its image is not there yet."""
    deploy = fleet.deploy
    if deploy is None or not deploy.is_active or deploy.is_pulling:
        return None
    return deploy.release if deploy.stage is Stage.ROLLING else fleet.release


def outdated(fleet: Fleet) -> tuple[Server, ...]:
    """The serving and silent servers that still have to get the goal of the running deploy."""
    release = goal(fleet)
    if release is None:
        return ()
    return tuple(server for server in fleet.of(*COUNTED) if server.release != release.number)


def left(fleet: Fleet) -> int:
    """How many servers still have to get the goal of the latest deploy; all of them while its image is pulled."""
    is_pulling = fleet.deploy is not None and fleet.deploy.is_pulling
    return len(fleet.of(*COUNTED) if is_pulling else outdated(fleet))


def is_new(fleet: Fleet, server: Server) -> bool:
    """Whether the server has the new release of a deploy that is rolling."""
    deploy = fleet.deploy
    return deploy is not None and deploy.stage is Stage.ROLLING and server.release == deploy.release.number


def newcomers(servers: Collection[Server], release: Release, generation: int) -> tuple[Server, ...]:
    """The same servers as joining ones, in new containers of that release and generation."""
    return tuple(
        replace(server, state=State.JOINING, address="", release=release.number, rolled=True, generation=generation)
        for server in servers
    )


def joining(fleet: Fleet, newcomers: Collection[Server]) -> Fleet:
    """The fleet with the new containers as joining servers."""
    return replace(fleet, servers=(*fleet.servers, *newcomers))


def taken_over(fleet: Fleet, addresses: Mapping[str, str]) -> Fleet:
    """The joining servers of `addresses` (instance → address) serve in the places of their old containers, which leave
    the ring. No slot moves. A joining server whose old container is not on the ring any more is forgotten."""
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
            leaving += [server.on(Trigger.REMOVED)] if server.state in COUNTED else []
        else:
            servers.append(server)
    return replace(fleet, servers=(*servers, *leaving))


def going_back(fleet: Fleet, number: int, reason: str) -> Fleet:
    """A rolling deploy goes back, and a deploy on its way back is stuck, when the release of that number is its goal.
    For any other number nothing changes: a server may fail late, when the deploy has another goal already."""
    deploy, release = fleet.deploy, goal(fleet)
    if deploy is None or release is None or release.number != number:
        return fleet
    if deploy.stage is Stage.ROLLING:
        return _turned_round(fleet, deploy, reason)
    return replace(fleet, deploy=replace(deploy, stage=Stage.STUCK, reason=f"{deploy.reason}; going back: {reason}"))


def _turned_round(fleet: Fleet, deploy: Deploy, reason: str) -> Fleet:
    back = replace(deploy, stage=Stage.ROLLING_BACK, reason=reason)
    return replace(fleet, deploy=back, generation=fleet.generation + 1)


def ended(fleet: Fleet) -> Fleet:
    """The running deploy is over: all servers have its goal. After a deploy that rolled to its end, new servers get the
    new release."""
    deploy = fleet.deploy
    if deploy is None or not deploy.is_active or deploy.is_pulling:
        return fleet
    if deploy.stage is Stage.ROLLING:
        done = replace(fleet, releases=fleet.known_releases, release=deploy.release)
        return replace(done, deploy=replace(deploy, stage=Stage.DONE)).remembering()
    return replace(fleet, deploy=replace(deploy, stage=Stage.ROLLED_BACK))
