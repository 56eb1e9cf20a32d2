"""Who takes part: how each is started, and in what it differs from the others. Nothing is started here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CONFIG = "/etc/bench"
PORT = 5000
DEPLOYED: Mapping[str, Mapping[str, Any]] = {
    "edge": {"bufsize": 8192},
    "edge-16k": {"bufsize": 16384},
    "flask": {"data_plane": "flask"},
    "edge-next": {"bufsize": 8192},
}
"""Contestants that are a part of a deployment → its variables. The first one's servers are everybody else's, too."""
NEXT = "edge-next"
"""The one that is left out where its HAProxy cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """`command` starts it in a container of the benchmark's image; empty: it is part of a deployment, or a server.
    `version` is the command that tells it; `note`: what else it does, or does not."""

    name: str
    title: str
    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    version: Sequence[str] = ()
    note: str = ""


_HAPROXY = ("haproxy", "-v")
_OTHER_BUFFERS = (
    "sed 's/tune.bufsize 8192/tune.bufsize 16384/; s/tune.http.maxhdr 2048/tune.http.maxhdr 4096/; "
    f"s/int 1:7168/int 1:15360/; s/option disable-h2-upgrade/# HTTP 2/' {CONFIG}/haproxy.cfg"
)
_SAME_WORDS = "The same HAProxy with the same words but for what chooses the server; its answers tell no slot."
_OWN_BUFFERS = "Passes no tunnels, and has buffers of its own sizes."


def _envoy(name: str, policy: str) -> Contestant:
    config = f"$(sed s/LB_POLICY/{policy}/ {CONFIG}/envoy.yaml)"
    start = f'exec envoy --concurrency 1 --disable-hot-restart --log-level error --config-yaml "{config}"'
    return Contestant(
        name=name,
        title=f"Envoy, {policy.lower().replace('_', ' ')}",
        command=("sh", "-c", start),
        version=("envoy", "--version"),
        note=f"{_OWN_BUFFERS} X-Forwarded-Proto is always its own.",
    )


CONTESTANTS = {
    contestant.name: contestant
    for contestant in (
        Contestant(
            name="edge",
            title="Ringmaster's edge",
            version=_HAPROXY,
            note="As Terraform deploys it, with buffers of 8 KiB. Its answers tell the slot beside server and attempt; "
            "its balancer asks it for its figures meanwhile.",
        ),
        Contestant(
            name="haproxy",
            title="HAProxy, balance hash",
            command=("haproxy", "-W", "-db", "-f", f"{CONFIG}/haproxy.cfg"),
            version=_HAPROXY,
            note=f"{_SAME_WORDS} Buffers of 8 KiB, too.",
        ),
        Contestant(
            name="edge-16k",
            title="Ringmaster's edge, 16 KiB",
            version=_HAPROXY,
            note="With HAProxy's usual buffers, and servers of its own, of the same image.",
        ),
        Contestant(
            name="haproxy-16k",
            title="HAProxy, 16 KiB",
            command=("sh", "-c", f"{_OTHER_BUFFERS} >/tmp/haproxy.cfg && exec haproxy -W -db -f /tmp/haproxy.cfg"),
            version=_HAPROXY,
            note=f"{_SAME_WORDS} HAProxy's usual buffers.",
        ),
        Contestant(
            name="nginx",
            title="nginx, hash consistent",
            command=("nginx", "-e", "stderr", "-c", f"{CONFIG}/nginx.conf"),
            version=("nginx", "-v"),
            note=f"Passive health checks only; repeats what was not answered in time as well. {_OWN_BUFFERS} Its "
            "answers tell all servers that were tried.",
        ),
        Contestant(
            name=NEXT,
            title="Ringmaster's edge, newer HAProxy",
            version=_HAPROXY,
            note="As the edge, with the newest HAProxy that Debian has, and servers of its own, of the same image.",
        ),
        _envoy("envoy-maglev", "MAGLEV"),
        _envoy("envoy-ring-hash", "RING_HASH"),
        Contestant(
            name="caddy",
            title="Caddy, lb_policy header",
            command=("caddy", "run", "--config", f"{CONFIG}/Caddyfile"),
            environment={"GOMAXPROCS": "1", "HOME": "/tmp"},  # noqa: S108 (a path in the container)
            version=("caddy", "version"),
            note="One failure marks a server down for a second, else it would repeat requests to the same one. Its "
            "X-Forwarded-* are always its own, it sends Via, and its answers do not tell the attempt.",
        ),
        Contestant(
            name="flask",
            title="Ringmaster's flask plane",
            version=("python3", "--version"),
            note="With servers of its own, of the same image.",
        ),
        Contestant(
            name="direct",
            title="one server, no balancer",
            version=("nginx", "-v"),
            note="The server shares its cores with the load generator; its CPU time is its own.",
        ),
    )
}
