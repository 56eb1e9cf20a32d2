"""Who takes part: how each is started, and in what it differs from the others. Nothing is started here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

CONFIG = "/etc/bench"
PORT = 5000


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


def _envoy(name: str, policy: str) -> Contestant:
    config = f"$(sed s/LB_POLICY/{policy}/ {CONFIG}/envoy.yaml)"
    start = f'exec envoy --concurrency 1 --disable-hot-restart --log-level error --config-yaml "{config}"'
    return Contestant(
        name=name,
        title=f"Envoy, {policy.lower().replace('_', ' ')}",
        command=("sh", "-c", start),
        version=("envoy", "--version"),
        note="Sends X-Envoy-* headers both ways, too, as it does by itself.",
    )


_HAPROXY = ("haproxy", "-v")

CONTESTANTS = {
    contestant.name: contestant
    for contestant in (
        Contestant(
            name="edge",
            title="Ringmaster's edge",
            version=_HAPROXY,
            note="As Terraform deploys it, with buffers of 8 KiB. Its answers tell the slot beside server and attempt.",
        ),
        Contestant(
            name="haproxy",
            title="HAProxy, balance hash",
            command=("haproxy", "-W", "-db", "-f", f"{CONFIG}/haproxy.cfg"),
            version=_HAPROXY,
            note="The same HAProxy with the same retries, checks, times and headers as the edge. Its buffers have "
            "HAProxy's usual 16 KiB.",
        ),
        Contestant(
            name="nginx",
            title="nginx, hash consistent",
            command=("nginx", "-e", "stderr", "-c", f"{CONFIG}/nginx.conf"),
            version=("nginx", "-v"),
            note="Passive health checks only.",
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
            "answers do not tell the attempt.",
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
