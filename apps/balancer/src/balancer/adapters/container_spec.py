"""A server's container as the Docker API wants it, from server and release; and what its labels tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docker.types import LogConfig

from balancer.core.fleet import Server
from balancer.core.heartbeat import Heartbeat
from balancer.core.protocol import HTTP
from balancer.core.release import Release

DEPLOYMENT = "ringmaster.deployment"
ROLE = "ringmaster.role"
RING_ID = "ringmaster.ring_id"
RELEASE = "ringmaster.release"
GENERATION = "ringmaster.generation"
FINGERPRINT = "ringmaster.fingerprint"
"""Label of the release's fingerprint."""
INSTANCE = "ringmaster.instance"
"""Label of the instance, which stays when the container is renamed."""
PORT = "ringmaster.port"
HEARTBEAT = {name: f"ringmaster.heartbeat_{name}" for name in ("path", "host", "status", "timeout")}
"""Labels of how the server is asked whether it is well."""
PROTOCOL = "ringmaster.protocol"
"""Label of what the server speaks. A container without it, which an older balancer made, speaks HTTP/1.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSpec:
    """What all servers of this deployment have in common, for every release. `port`: of a container without a label of
    its port, which a balancer of version 2 made."""

    deployment: str
    name_prefix: str
    network: str
    port: int


def labels(server: Server, release: Release) -> dict[str, str]:
    """The labels by which the container is known and judged, whatever becomes of the saved fleet."""
    heartbeat = release.heartbeat
    return {
        **release.labels,
        RING_ID: str(server.ring_id),
        RELEASE: str(release.number),
        GENERATION: str(server.generation),
        FINGERPRINT: release.fingerprint,
        INSTANCE: server.instance,
        PORT: str(release.port),
        PROTOCOL: release.protocol,
        **{label: str(getattr(heartbeat, name)) for name, label in HEARTBEAT.items()},
    }


def heartbeat(labels: Mapping[str, str]) -> Heartbeat | None:
    """The heartbeat in a container's labels; None where it has none."""
    told = {name: labels[label] for name, label in HEARTBEAT.items() if label in labels}
    if len(told) < len(HEARTBEAT):
        return None
    protocol = labels.get(PROTOCOL, HTTP)
    return Heartbeat(told["path"], told["host"], told["status"], float(told["timeout"]), protocol)


def host_options(release: Release, *, network: str, init: bool) -> dict[str, Any]:
    """The options of the API's HostConfig. `init`: whether a tiny init is the first process."""
    return {
        "network_mode": network,
        "read_only": release.read_only,
        "tmpfs": dict(release.folders_in_memory) or None,
        "binds": list(release.volumes) or None,
        "cap_drop": ["ALL"],
        "cap_add": list(release.capabilities) or None,
        "security_opt": ["no-new-privileges"],
        "mem_limit": release.memory or None,
        "memswap_limit": release.memory or None,
        "nano_cpus": int(release.cpus * 1e9) or None,
        "pids_limit": release.pids or None,
        "init": init,
        "log_config": LogConfig(type=release.log_driver, config=dict(release.options_of_the_log)),
    }


def container_options(server: Server, release: Release) -> dict[str, Any]:
    """The other options of a container, for everything that the release decides."""
    return {
        "image": release.content or release.image,
        "hostname": server.hostname,
        "environment": {**release.environment, "SERVER_ID": server.hostname},
        "command": list(release.command) or None,
        "entrypoint": list(release.entrypoint) or None,
        "user": release.user or None,
        "working_dir": release.working_dir or None,
        "volumes": [volume.split(":")[1] for volume in release.volumes] or None,
        "stop_signal": release.stop_signal or None,
        "stop_timeout": release.stop_timeout,
    }
