"""The verdict on silent servers: which of them get no new requests, which come back, which count as hung."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from balancer.core.fleet import COUNTED, Server
from balancer.core.lifecycle import State
from balancer.core.silence import Identity, Silences


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All servers are given by instance. `crowd`: the silent servers where most are silent at once; else empty."""

    silenced: tuple[str, ...]
    answered: tuple[str, ...]
    hung: tuple[str, ...]
    crowd: tuple[str, ...] = ()


def judge(
    servers: Collection[Server], silences: Silences, *, is_whole: bool, on_lost_nodes: Collection[str] = ()
) -> Verdict:
    """The verdict on these servers: serving and silent ones and spares, none of which is known to be dead. `is_whole`:
    no server is dead or down, and none is being started. `on_lost_nodes`: the instances of those on nodes that are
    lost.

    Where more than half of the N servers are silent at once, it is rather the host, or an application that is too slow
    for its heartbeat. Then all of them stay on the ring. One of them is replaced after the other, each when it gave no
    sign of life for a long time.

    A lost node is reason enough for the silence of its own servers: they do not count for that majority, and go off the
    ring. They do not count as hung: nobody knows what is in flight there.
    """
    lost = [server for server in servers if server.instance in on_lost_nodes and is_silent(server, silences)]
    off = tuple(server.instance for server in lost if server.state is State.SERVING)
    others = [server for server in servers if server not in lost]
    counted = [server for server in others if server.state in COUNTED]
    silent = [server for server in counted if is_silent(server, silences)]
    if 2 * len(silent) > len(counted):
        lifeless = _instances(silent, silences.lifeless)[:1] if is_whole else ()
        return Verdict(
            silenced=off,
            answered=tuple(
                server.instance
                for server in counted
                if server.state is State.SILENT and server.instance not in lifeless
            ),
            hung=lifeless,
            crowd=tuple(server.instance for server in silent),
        )
    hung = _instances(others, silences.hung)
    single = (server.instance for server in silent if server.state is State.SERVING and server.instance not in hung)
    return Verdict(
        silenced=(*off, *single),
        answered=tuple(server.instance for server in counted if server.state is State.SILENT and server not in silent),
        hung=hung,
    )


def is_silent(server: Server, silences: Silences) -> bool:
    """A server that was silent before the balancer restarted stays silent until it answers."""
    if server.state is State.SILENT:
        return server.identity not in silences.answering
    return server.identity in silences.silent


def _instances(servers: Iterable[Server], identities: Collection[Identity]) -> tuple[str, ...]:
    return tuple(server.instance for server in servers if server.identity in identities)
