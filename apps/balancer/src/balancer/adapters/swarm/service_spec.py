"""The service of a server as the Swarm API wants it, from server, release and spec. One service is one container.

What Swarm cannot give a container is refused, not left out. It has no limit of swap: a container at its memory limit
may use as much swap again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from docker.utils import parse_bytes

from balancer.adapters import container_spec
from balancer.adapters.container_spec import DEPLOYMENT, ROLE, ServerSpec
from balancer.core.errors import InvalidRequest
from balancer.core.fleet import Server
from balancer.core.release import Release

CONTENT = "ringmaster.content"
"""Label of the id of the image: a service may name the image by its digest, which is another one."""
_LONGEST_NAME = 63
"""Characters of a service's name."""
NANOSECONDS = 1_000_000_000
_NO_NEW_PRIVILEGES = (1, 44)
"""The first version of the API in which a service can have them."""
_TMPFS_OPTIONS = (1, 46)
"""The first version of the API in which a tmpfs can be `exec`."""

Version = tuple[int, int]


def owned(spec: ServerSpec) -> dict[str, str]:
    """The labels that every server of this deployment has."""
    return {DEPLOYMENT: spec.deployment, ROLE: "server"}


def name(server: Server, spec: ServerSpec) -> str:
    """PREFIX HOSTNAME-RING_ID-GENERATION. A long hostname is cut: ring id and generation are unique without it."""
    end = f"-{server.ring_id}-{server.generation}"
    return (spec.name_prefix + server.hostname)[: _LONGEST_NAME - len(end)] + end


def not_on(nodes: Collection[str]) -> Iterator[str]:
    """Swarm's words for all other nodes."""
    return (f"node.hostname!={node}" for node in sorted(nodes))


def service(
    server: Server,
    release: Release,
    spec: ServerSpec,
    *,
    constraints: tuple[str, ...],
    api: Version,
    init: bool,
) -> dict[str, Any]:
    """The arguments of docker-py's create_service. `constraints`: which nodes may run it. `api`: the version of the
    manager's API. `init`: whether a tiny init is the first process. Raises InvalidRequest for what Swarm cannot do."""
    labels = container_spec.labels(server, release) | owned(spec) | {CONTENT: release.content}
    return {
        "name": name(server, spec),
        "labels": labels,  # by which tasks are found
        "task_template": {
            "ContainerSpec": _given(_container(server, release, api=api, init=init)) | {"Labels": labels},
            "Resources": {"Limits": _limits(release)},
            "RestartPolicy": {"Condition": "none"},  # Swarm must not be a second one that starts servers
            "Placement": {
                "Constraints": list(constraints),
                "Preferences": [{"Spread": {"SpreadDescriptor": "node.id"}}],
            },
            "Networks": [{"Target": spec.network, "Aliases": [server.hostname]}],
            "LogDriver": {"Name": release.log_driver, "Options": dict(release.options_of_the_log)},
        },
        "mode": {"Replicated": {"Replicas": 1}},
        "endpoint_spec": {"Mode": "dnsrr"},
    }


def _container(server: Server, release: Release, *, api: Version, init: bool) -> dict[str, Any]:
    environment = {**release.environment, "SERVER_ID": server.hostname}
    return {
        "Image": release.digest or release.content or release.image,
        "Command": list(release.entrypoint),  # Swarm's words: the command is the entrypoint, and args the command
        "Args": list(release.command),
        "Env": [f"{variable}={_literal(value)}" for variable, value in environment.items()],
        "Hostname": server.hostname,
        "User": release.user,
        "Dir": release.working_dir,
        "ReadOnly": release.read_only,
        "Mounts": [*_tmpfs(release, api), *_volumes(release)],
        "CapabilityDrop": ["ALL"],
        "CapabilityAdd": list(release.capabilities),
        "Privileges": {"NoNewPrivileges": True} if api >= _NO_NEW_PRIVILEGES else {},
        "StopSignal": release.stop_signal,
        "StopGracePeriod": release.stop_timeout * NANOSECONDS,
        "Init": init,
        "Healthcheck": {"Test": ["NONE"]},  # else a task counts as running only after the image's own check
    }


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is left to the image or the engine."""
    return {field: value for field, value in fields.items() if value not in ("", [], {})}


def _limits(release: Release) -> dict[str, int]:
    limits = {
        "MemoryBytes": parse_bytes(release.memory) if release.memory else 0,
        "NanoCPUs": int(release.cpus * NANOSECONDS),
        "Pids": release.pids,
    }
    return _given({limit: value or "" for limit, value in limits.items()})


def _tmpfs(release: Release, api: Version) -> Iterator[dict[str, Any]]:
    for folder, options in release.folders_in_memory.items():
        yield {"Target": _literal(folder), "Type": "tmpfs", "TmpfsOptions": _tmpfs_options(folder, options, api)}


def _tmpfs_options(folder: str, options: str, api: Version) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for option, _, value in (each.partition("=") for each in options.split(",") if each):
        if option == "size" and not value.endswith("%"):
            told["SizeBytes"] = parse_bytes(value)
        elif option == "mode":
            told["Mode"] = int(value, 8)
        elif option == "exec" and api >= _TMPFS_OPTIONS:
            told["Options"] = [["exec"]]
        elif option != "noexec":  # which it is
            raise InvalidRequest(f"server_tmpfs: Swarm cannot give {folder} the option {option}={value}".rstrip("="))
    return told


def _volumes(release: Release) -> Iterator[dict[str, Any]]:
    for source, target, *mode in (volume.split(":") for volume in release.volumes):
        kind = "bind" if source.startswith("/") else "volume"
        yield {"Target": _literal(target), "Source": _literal(source), "Type": kind, "ReadOnly": mode == ["ro"]}


def _literal(text: str) -> str:
    """The text for a field in which Swarm expands templates: a container gets what its release says. A template
    would be carried out by the node's engine, whose memory it could fill."""
    return text.replace("{{", '{{"{{"}}')
