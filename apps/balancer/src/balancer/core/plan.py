"""The plan: what has to be done so that the observed containers match the desired fleet. Nothing is done here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from balancer.core.fleet import COUNTED, Fleet, Server
from balancer.core.lifecycle import State
from balancer.core.lost_nodes import NO_NODE_LOST, LostNodes
from balancer.core.observed import Observed
from balancer.core.silence import NOBODY, Silences
from balancer.core.verdict import is_silent, judge

READY = (*COUNTED, State.SPARE)

HUNG = "it hangs: it missed its heartbeats and shows no other sign of life"


@dataclass(frozen=True, slots=True)
class Plan:
    """All servers are given by instance.

    `failed`: instance → reason; these servers go off the ring. `silenced`: serving servers that get no new requests
    from now on. `answered`: silent servers that get requests again. `crowd`: the silent servers where most are silent
    at once: these stay on the ring. `promote`: spares that take the places of failed servers. `dismiss`: spares that
    are not needed. `fence`: containers to kill and remove. `moved`: instance → new address. `abandon`: joining servers
    without a claim: no thread starts them any more. `retire`: leaving servers without a claim: no thread removes them
    any more. `start`: how many servers to start, for the ring or as spares. `rename`: instance → new container name.
    """

    failed: Mapping[str, str]
    silenced: tuple[str, ...]
    answered: tuple[str, ...]
    crowd: tuple[str, ...]
    promote: tuple[str, ...]
    dismiss: tuple[str, ...]
    fence: tuple[str, ...]
    moved: Mapping[str, str]
    abandon: tuple[str, ...]
    retire: tuple[str, ...]
    start: int
    rename: Mapping[str, str]


def decide(
    fleet: Fleet,
    observed: Mapping[str, Observed],
    *,
    known: Collection[tuple[int, int]],
    starting: int,
    claimed: Collection[str],
    silences: Silences = NOBODY,
    spares: int = 0,
    lost: LostNodes = NO_NODE_LOST,
) -> Plan:
    """The plan for this fleet and these containers (`observed`, by instance).

    `known`: the identities of the servers that were ready before the observation was made; only these count as failed
    when they are missing from it. `starting`: how many servers are being started already. `claimed`: instances that a
    thread starts or removes right now; the plan leaves them alone. `spares`: how many spares to keep. `lost`: the lost
    nodes. A silent server on a node that is cut off counts as dead.
    """
    ready = [server for server in fleet.of(*READY) if server.identity in known]
    seen = {server.instance: _of(server, observed) for server in ready}
    nodes = {instance: container.node for instance, container in observed.items()}
    dead = {
        server.instance: reason
        for server in ready
        if (reason := _reason(fleet, server, seen[server.instance], stopped=server.identity in silences.stopped))
        or (reason := _cut_off(server, nodes.get(server.instance, ""), silences, lost))
    }
    settled = {*dead, *claimed}
    doubtful = [server for server in ready if server.instance not in settled]
    verdict = judge(
        doubtful,
        silences,
        is_whole=not (dead or starting or fleet.of(State.DOWN)),
        on_lost_nodes={instance for instance, node in nodes.items() if node in lost.unheard},
    )
    failed = dead | dict.fromkeys(verdict.hung, HUNG)
    moved = {
        server.instance: container.address
        for server in ready
        if (container := seen[server.instance])
        and server.instance not in failed
        and container.address != server.address
    }
    abandon = () if fleet.is_first else _without(fleet.instances(State.JOINING), claimed)
    going = {*failed, *abandon}
    living = [server for server in fleet.servers if server.instance not in going]
    short = max(0, fleet.target - sum(server.state in COUNTED for server in living))
    failing = {nodes.get(instance, "") for instance in failed} - {""}
    pool = sorted(
        (server for server in living if server.state is State.SPARE),
        key=lambda server: (
            server.release != fleet.release.number,
            server.identity in silences.silent,
            nodes.get(server.instance, "") in {*lost.unheard, *failing},
        ),
    )
    promote, kept = pool[:short], pool[short:]
    fresh = [server for server in kept if server.release == fleet.release.number][:spares]
    dismiss = tuple(server.instance for server in kept if server not in fresh)
    wanted = {
        (server.instance, server.identity)
        for server in living
        if server.state is not State.DOWN and server.instance not in dismiss
    }
    return Plan(
        failed=failed,
        silenced=verdict.silenced,
        answered=verdict.answered,
        crowd=verdict.crowd,
        promote=tuple(server.instance for server in promote),
        dismiss=dismiss,
        fence=tuple(
            instance
            for instance, container in sorted(observed.items())
            if (instance, container.identity) not in wanted and instance not in claimed and not container.ending
        ),
        moved=moved,
        abandon=abandon,
        retire=_without(fleet.instances(State.LEAVING), claimed),
        start=max(0, short - len(promote) + spares - len(fresh) - starting),
        rename=_renames(fleet, observed, {server.instance for server in promote}),
    )


def _of(server: Server, observed: Mapping[str, Observed]) -> Observed | None:
    """The server's own container, None where it is missing. A container of the same instance may have another
    identity."""
    container = observed.get(server.instance)
    return container if container is not None and container.identity == server.identity else None


def _reason(fleet: Fleet, server: Server, container: Observed | None, *, stopped: bool) -> str:
    return failure(container, stopped=stopped, memory=fleet.release_of(server).memory)


def out_of_memory(memory: str) -> str:
    """Says that a server reached its memory limit. `memory`: the limit, empty for none: then it is the host's."""
    return f"out of memory (server_memory is {memory or 'not set'})"


def failure(container: Observed | None, *, stopped: bool, memory: str = "") -> str:
    """The reason why a ready server counts as dead, because its container cannot answer; empty where it can. `stopped`:
    its first process is stopped by a signal. `memory`: its memory limit."""
    if container is None:
        return "its container is gone"
    if not container.running:
        why = f", {out_of_memory(memory)}" if container.starved else ""
        return f"its container is not running: {container.status}{why}"
    if not container.address:
        return "its container is off the network"
    if container.ending:
        return "somebody stops its container"
    if container.paused:
        return "its container is paused"
    return "its process is stopped by a signal" if stopped else ""


def _cut_off(server: Server, node: str, silences: Silences, lost: LostNodes) -> str:
    """The reason why a silent server on a lost node counts as dead: nobody can ask the engine there, nor kill. Empty
    for any other server."""
    return f"its node {node} is cut off" if node in lost.cut_off and is_silent(server, silences) else ""


def _renames(fleet: Fleet, observed: Mapping[str, Observed], promoted: Collection[str]) -> dict[str, str]:
    """instance → new container name. A spare's container is to have the hostname plus ".spare" for a name, any other
    ready server's the hostname. A container is renamed as soon as the name is free."""
    taken = {container.container_name for container in observed.values()}
    names = {
        server.instance: f"{server.hostname}.spare"
        if server.state is State.SPARE and server.instance not in promoted
        else server.hostname
        for server in fleet.of(*READY)
        if server.instance in observed
    }
    return {
        instance: name
        for instance, name in names.items()
        if name != observed[instance].container_name and name not in taken
    }


def _without(instances: Collection[str], claimed: Collection[str]) -> tuple[str, ...]:
    return tuple(instance for instance in instances if instance not in claimed)
