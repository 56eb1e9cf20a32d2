"""Filters that compare servers with their release, and the release with what was asked for.

No value that may be a secret is part of what they say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Document = Mapping[str, Any]

_UNITS = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_LOGS = {"max-size": "10m", "max-file": "3"}
"""What servers with the log driver json-file have where nothing else is said."""
_IMAGES_OWN = {
    "user": "User",
    "working_dir": "WorkingDir",
    "entrypoint": "Entrypoint",
    "command": "Cmd",
    "stop_signal": "StopSignal",
}
"""Field that a release may leave to its image → what the image calls it."""
_NOTHING: Mapping[str, Any] = {"user": "", "working_dir": "/", "entrypoint": [], "command": [], "stop_signal": ""}
"""What a container has where neither says anything."""
_UNSIZED = {"/tmp": ""}  # noqa: S108 (a path in the container)
_SECRET = ("environment", "labels", "log_options")
"""Of these the balancer tells the names only."""


def _flag(text: str) -> bool:
    return text.lower() == "true"


def _json(text: str) -> Any:
    return json.loads(text) if text else None


def _words(text: str) -> list[str]:
    return sorted(word.strip() for word in text.split(",") if word.strip())


SETTINGS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "image": ("SERVER_IMAGE", str),
    "content": ("SERVER_IMAGE_ID", str),
    "environment": ("SERVER_ENVIRONMENT", _json),
    "memory": ("SERVER_MEMORY", str),
    "cpus": ("SERVER_CPUS", float),
    "pids": ("SERVER_PIDS", int),
    "port": ("SERVER_PORT", int),
    "protocol": ("SERVER_PROTOCOL", str),
    "heartbeat_path": ("HEARTBEAT_PATH", str),
    "heartbeat_host": ("HEARTBEAT_HOST", str),
    "heartbeat_status": ("HEARTBEAT_STATUS", str),
    "heartbeat_timeout": ("HEARTBEAT_TIMEOUT", float),
    "command": ("SERVER_COMMAND", _json),
    "entrypoint": ("SERVER_ENTRYPOINT", _json),
    "user": ("SERVER_USER", str),
    "working_dir": ("SERVER_WORKING_DIR", str),
    "volumes": ("SERVER_VOLUMES", _json),
    "tmpfs": ("SERVER_TMPFS", _json),
    "capabilities": ("SERVER_CAPABILITIES", _words),
    "read_only": ("SERVER_READ_ONLY", _flag),
    "init": ("SERVER_INIT", _flag),
    "stop_signal": ("SERVER_STOP_SIGNAL", str),
    "stop_timeout": ("STOP_TIMEOUT", int),
    "labels": ("SERVER_LABELS", _json),
    "log_driver": ("SERVER_LOG_DRIVER", str),
    "log_options": ("SERVER_LOG_OPTIONS", _json),
}
"""Field of a release → the balancer's setting, without RINGMASTER_, and how its text is read."""


def of_role(containers: Iterable[Document], role: str) -> list[Document]:
    """Those of the containers, as `docker inspect` says, that have the role."""
    return [container for container in containers if container["Config"]["Labels"].get("ringmaster.role") == role]


_ENGINE = "/docker.sock"
"""How a path of the engine's socket ends."""
_KEEPERS_USER = "10002:10001"
"""In the group of the balancer, which so may use its socket."""
_NOT_ROOT = "not root"
"""Prometheus runs as whoever wrote its token."""


def container_faults(containers: Iterable[Document], user: str) -> list[str]:
    """Which containers do not run, and what edge, balancer, keeper and Prometheus have that they could do without, or
    without end. Servers are held to their release. Only the keeper holds the engine's socket, and it has no network."""
    faults = []
    for container in containers:
        config, host = container["Config"], container["HostConfig"]
        present = {"running": container["State"]["Running"]}
        wanted: dict[str, Any] = {"running": True}
        role = config["Labels"].get("ringmaster.role")
        if role != "server":
            present |= {
                "user": _NOT_ROOT if _has_own_user(role, config["User"]) else config["User"],
                "read_only": host["ReadonlyRootfs"],
                "dropped": host["CapDrop"],
                "added": host.get("CapAdd") or [],
                "privileged": bool(host.get("Privileged")),
                "security": _security(host),
                "holds the engine": any(map(_is_engine, container["Mounts"])),
                **_limited(host),
            }
            wanted |= {
                "user": {"keeper": _KEEPERS_USER, "prometheus": _NOT_ROOT}.get(role, user),
                "read_only": True,
                "dropped": ["ALL"],
                "added": [],
                "privileged": False,
                "security": ["no-new-privileges"],
                "holds the engine": role == "keeper",
                "limited": {"memory": True, "swap": True, "pids": True, "tmpfs": True},
            }
        if role == "keeper":
            present["network"], wanted["network"] = host["NetworkMode"], "none"
        name = container["Name"].lstrip("/")
        differing = (what for what, value in wanted.items() if present[what] != value)
        faults += [f"{name}: {_said(what, present[what], wanted[what])}" for what in differing]
    return faults


def _security(host: Document) -> list[str]:
    """Without profiles and labels of the host's own, which security_options may name."""
    own = ("apparmor=", "seccomp=", "label=")
    return [option for option in host.get("SecurityOpt") or [] if not option.startswith(own) or "=unconfined" in option]


def _has_own_user(role: str, user: str) -> bool:
    return role == "prometheus" and user.partition(":")[0] not in ("", "0", "root")


def _is_engine(mount: Document) -> bool:
    """Whether the mount is the engine's socket, whatever it is called in the container."""
    return any(mount.get(end, "").endswith(_ENGINE) for end in ("Source", "Destination"))


def _limited(host: Document) -> dict[str, Any]:
    """What has an end. A host that cannot limit swap says -1."""
    memory = host.get("Memory") or 0
    sizes = (
        any(option.startswith("size=") for option in text.split(",")) for text in (host.get("Tmpfs") or {}).values()
    )
    return {
        "limited": {
            "memory": memory > 0,
            "swap": host.get("MemorySwap") in (memory, -1),
            "pids": (host.get("PidsLimit") or 0) > 0,
            "tmpfs": all(sizes),
        }
    }


def to_try_again(wish: Document, release: Document) -> dict[str, Any]:
    """The body of a POST /deploy for the wish, as far as the balancer tells it."""
    told = [field for field in SETTINGS if field in wish and field not in ("content", *_SECRET)]
    return {field: wish[field] for field in told if field == "image" or wish[field] != release.get(field)}


def asked_release(balancer: Document) -> dict[str, Any]:
    """The release that the balancer's settings ask for, from what `docker inspect` says of its container."""
    variables = dict(entry.split("=", 1) for entry in balancer["Config"]["Env"])
    named = {field: (f"RINGMASTER_{setting}", read) for field, (setting, read) in SETTINGS.items()}
    return {field: read(variables[name]) for field, (name, read) in named.items() if name in variables}


def release_differences(release: Document, asked: Document) -> list[str]:
    """What the balancer's release (of GET /deploy) has that the settings do not ask for."""
    return [
        _said(field, _shown(field, release[field]), _shown(field, asked[field]))
        for field in SETTINGS
        if field in release and field in asked and _shown(field, release[field]) != _shown(field, asked[field])
    ]


def server_differences(
    servers: Iterable[Document], release: Document, images: Iterable[Document], asked: Document
) -> list[str]:
    """What servers have that their release does not say. `servers` and `images` are what `docker inspect` says. `asked`
    has the values that the balancer does not tell; it is empty where the settings ask for another release."""
    servers = list(servers)
    configs = {image["Id"]: image["Config"] or {} for image in images}
    without_init = all(not server["HostConfig"].get("Init") for server in servers)
    found = []
    for server in servers:
        present, content = _present(server), release.get("content")
        if content and present["content"] != content:  # all else may come from the other image
            found.append(f"{present['name']}: {_said('content', present['content'], content)}")
            continue
        expected = _expected(release, configs.get(server["Image"]))
        if release.get("tmpfs") is None and present["tmpfs"] == _UNSIZED:
            expected.pop("tmpfs", None)  # a balancer of before version 6 made it, and it has not been rolled since
        if without_init:
            expected.pop("init", None)  # the engine has none, and the balancer goes on without
        differing = (field for field, value in expected.items() if present[field] != value)
        found += [f"{present['name']}: {_said(field, present[field], expected[field])}" for field in differing]
        found += _hidden_differences(server, release, asked)
    return found


def _expected(release: Document, image: Document | None) -> dict[str, Any]:
    """Field → value, in the form of `_present`, for the fields that the release has. Where it leaves one to its image,
    of which nothing is known, the field is missing."""
    forms: dict[str, Callable[[Any], Any]] = {
        "memory": _bytes,
        "cpus": lambda cpus: int(cpus * 1e9),
        "port": str,
        "heartbeat_timeout": float,
        "volumes": sorted,
        "capabilities": sorted,
        "tmpfs": lambda tmpfs: _tmpfs(release) if tmpfs is None else dict(tmpfs),
    }
    fields = [field for field in SETTINGS if field in release and field not in ("image", "content", *_SECRET)]
    expected = {field: forms.get(field, lambda value: value)(release[field]) for field in fields}
    for field in (field for field in _IMAGES_OWN if field in expected and not expected[field]):
        if image is None:
            del expected[field]
        elif field == "command" and expected.get("entrypoint") and release["entrypoint"]:
            expected[field] = []  # the engine takes the image's command only together with its entrypoint
        else:
            expected[field] = image.get(_IMAGES_OWN[field]) or _NOTHING[field]
    return expected


def _tmpfs(release: Document) -> dict[str, str]:
    return {"/tmp": "size=64m"} if release.get("read_only", True) else {}  # noqa: S108 (a path in the container)


def _present(server: Document) -> dict[str, Any]:
    """Field → value, as the engine has it; and the container's name."""
    config, host, labels = server["Config"], server["HostConfig"], server["Config"].get("Labels") or {}
    return {
        "name": server["Name"].lstrip("/"),
        "content": server["Image"],
        "memory": host.get("Memory") or 0,
        "cpus": host.get("NanoCpus") or 0,
        "pids": max(host.get("PidsLimit") or 0, 0),
        "port": labels.get("ringmaster.port", ""),
        "protocol": labels.get("ringmaster.protocol", "http"),
        "heartbeat_path": labels.get("ringmaster.heartbeat_path", ""),
        "heartbeat_host": labels.get("ringmaster.heartbeat_host", ""),
        "heartbeat_status": labels.get("ringmaster.heartbeat_status", ""),
        "heartbeat_timeout": float(labels.get("ringmaster.heartbeat_timeout") or 0),
        "user": config.get("User") or "",
        "working_dir": config.get("WorkingDir") or "/",
        "entrypoint": list(config.get("Entrypoint") or []),
        "command": list(config.get("Cmd") or []),
        "stop_signal": config.get("StopSignal") or "",
        "stop_timeout": config.get("StopTimeout"),
        "volumes": sorted(host.get("Binds") or []),
        "tmpfs": dict(host.get("Tmpfs") or {}),
        "capabilities": sorted(name.removeprefix("CAP_") for name in host.get("CapAdd") or []),
        "read_only": bool(host.get("ReadonlyRootfs")),
        "init": bool(host.get("Init")),
        "log_driver": host["LogConfig"]["Type"],
    }


def _hidden_differences(server: Document, release: Document, asked: Document) -> list[str]:
    """Where the names are not those of the release, or the values not those that were asked for."""
    name, host = server["Name"].lstrip("/"), server["HostConfig"]
    present = {
        "environment": dict(entry.split("=", 1) for entry in server["Config"].get("Env") or []),
        "labels": server["Config"].get("Labels") or {},
        "log_options": host["LogConfig"].get("Config") or {},
    }
    found = []
    for field in (field for field in _SECRET if field in release):
        names = release[field]
        if names is None:
            names = _LOGS if release.get("log_driver") == "json-file" else {}
        missing = sorted(set(names) - set(present[field]))
        found += [f"{name}: {field} lacks {missing_name}" for missing_name in missing]
        values = asked.get(field) or (names if isinstance(names, Mapping) else {})
        changed = sorted(key for key in set(values) & set(present[field]) if values[key] != present[field][key])
        found += [f"{name}: {field} has another value of {key}" for key in changed]
    if [kept for kept in host.get("CapDrop") or [] if kept == "ALL"] != ["ALL"]:
        found.append(f"{name}: capabilities are not dropped")
    if any(option.startswith("seccomp") for option in host.get("SecurityOpt") or []):
        found.append(f"{name}: seccomp is not the engine's own")
    if not any(option.startswith("no-new-privileges") for option in host.get("SecurityOpt") or []):
        found.append(f"{name}: new privileges are not refused")
    return found


def _bytes(memory: str) -> int:
    unit = memory[-1:]
    return int(memory.rstrip("bkmg") or 0) * _UNITS.get(unit, 1)


def _shown(field: str, value: Any) -> Any:
    """Of what may be a secret, the names; of what has no order, the order of the alphabet."""
    if field in _SECRET:
        return None if value is None else sorted(value)
    return sorted(value) if field in ("capabilities", "volumes") else value


def _said(field: str, present: Any, wanted: Any) -> str:
    return f"{field} is {json.dumps(present)}, not {json.dumps(wanted)}"


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "of_role": of_role,
            "container_faults": container_faults,
            "to_try_again": to_try_again,
            "asked_release": asked_release,
            "release_differences": release_differences,
            "server_differences": server_differences,
        }
