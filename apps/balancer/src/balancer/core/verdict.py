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


def judge(servers: Collection[Server], silences: Silences, *, is_whole: bool) -> Verdict:
    """The verdict on these servers: serving and silent ones and spares, none of which is known to be dead. `is_whole`:
    no server is dead or down, and none is being started.

    Where more than half of the N servers are silent at once, it is rather the host, or an application that is too slow
    for its heartbeat. Then all of them stay on the ring. One of them is replaced after the other, each when it gave no
    sign of life for a long time.
    """
    counted = [server for server in servers if server.state in COUNTED]
    silent = [server for server in counted if _is_silent(server, silences)]
    if 2 * len(silent) > len(counted):
        lifeless = _instances(silent, silences.lifeless)[:1] if is_whole else ()
        return Verdict(
            silenced=(),
            answered=tuple(
                server.instance
                for server in counted
                if server.state is State.SILENT and server.instance not in lifeless
            ),
            hung=lifeless,
            crowd=tuple(server.instance for server in silent),
        )
    hung = _instances(servers, silences.hung)
    return Verdict(
        silenced=tuple(
            server.instance for server in silent if server.state is State.SERVING and server.instance not in hung
        ),
        answered=tuple(server.instance for server in counted if server.state is State.SILENT and server not in silent),
        hung=hung,
    )


def _is_silent(server: Server, silences: Silences) -> bool:
    """A server that was silent before the balancer restarted stays silent until it answers."""
    if server.state is State.SILENT:
        return server.identity not in silences.answering
    return server.identity in silences.silent


def _instances(servers: Iterable[Server], identities: Collection[Identity]) -> tuple[str, ...]:
    return tuple(server.instance for server in servers if server.identity in identities)
