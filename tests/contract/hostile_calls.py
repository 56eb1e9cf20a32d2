"""A corpus of hostile calls to a keeper: what a balancer that was taken over might say. Each has to be refused.

Every call is one change of a call that the keeper carries out, so that the change alone is what it refuses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from balancer.core.release import FIELDS, Release


@dataclass(frozen=True, slots=True)
class Ground:
    """What the corpus speaks of. `image`, `content`: of the settings; `digest`: what the engine calls one of an image
    that is in no registry. `foreign_image`, `foreign_content`: on the same engine, under a name that is not allowed.
    `bystander`: the id of a container of somebody else, `bystanders_name` its name, `bystanders_volume` its volume."""

    image: str
    content: str
    digest: str
    foreign_image: str
    foreign_content: str
    bystander: str
    bystanders_name: str
    bystanders_volume: str

    def start(self, release: Mapping[str, Any] | None = None, **server: Any) -> dict[str, Any]:
        """A call that starts a server; allowed as it is."""
        who = {"hostname": "evil", "ring_id": 1, "rolled": False, "generation": 1, **server}
        what = {"number": 1, "content": self.content, **Release(image=self.image, memory="64m").document()}
        return {"verb": "start", "server": who, "release": what | (release or {}), "avoid": []}


HOST_CONFIG: Mapping[str, Any] = {
    "Privileged": True, "Binds": ["/:/host"], "Mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}],
    "PidMode": "host", "IpcMode": "host", "UTSMode": "host", "UsernsMode": "host", "NetworkMode": "host",
    "CgroupnsMode": "host", "Cgroup": "host", "CgroupParent": "/system.slice", "Runtime": "evil",
    "Devices": [{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/sda", "CgroupPermissions": "rwm"}],
    "DeviceRequests": [{"Count": -1, "Capabilities": [["gpu"]]}], "DeviceCgroupRules": ["a *:* rwm"],
    "Sysctls": {"kernel.core_pattern": "|/evil"}, "SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined"],
    "CapAdd": ["ALL"], "CapDrop": [], "GroupAdd": ["0", "999"], "OomScoreAdj": -1000, "OomKillDisable": True,
    "ShmSize": 1 << 40, "Ulimits": [{"Name": "core", "Hard": -1, "Soft": -1}], "VolumesFrom": ["bystander"],
    "VolumeDriver": "evil", "Links": ["bystander:db"], "ExtraHosts": ["registry:127.0.0.1"], "Dns": ["127.0.0.1"],
    "PortBindings": {"5000/tcp": [{"HostPort": "22"}]}, "PublishAllPorts": True, "AutoRemove": True,
    "RestartPolicy": {"Name": "always"}, "StorageOpt": {"size": "1T"}, "Isolation": "hyperv", "MaskedPaths": [],
    "ReadonlyPaths": [], "ReadonlyRootfs": False, "ContainerIDFile": "/etc/passwd", "CpusetCpus": "0",
    "Annotations": {"run.oci.keep_original_groups": "1"}, "LogConfig": {"Type": "syslog"},
}  # fmt: skip
"""Keys of the engine's own create body, which no release has."""
CREATE: Mapping[str, Any] = {
    "HostConfig": {"Privileged": True}, "NetworkingConfig": {"EndpointsConfig": {"host": {}}}, "Domainname": "evil",
    "Healthcheck": {"Test": ["CMD", "evil"]}, "ExposedPorts": {"22/tcp": {}}, "MacAddress": "02:42:ac:11:00:02",
    "OnBuild": ["RUN evil"], "Tty": True, "AttachStdin": True, "Shell": ["/evil"], "Image": "evil", "Env": ["LD=evil"],
}  # fmt: skip
DOCKER_PY: Mapping[str, Any] = {
    "privileged": True, "binds": ["/:/host"], "mounts": [], "pid_mode": "host", "ipc_mode": "host", "uts_mode": "host",
    "userns_mode": "host", "network_mode": "host", "cgroupns": "host", "cgroup_parent": "/", "runtime": "evil",
    "devices": ["/dev/sda"], "device_requests": [], "device_cgroup_rules": ["a *:* rwm"], "sysctls": {"a": "b"},
    "security_opt": ["seccomp=unconfined"], "cap_add": ["ALL"], "group_add": ["0"], "host_config": {}, "ports": [22],
    "volumes_from": ["x"], "extra_hosts": {}, "mem_limit": "1t", "networking_config": {}, "healthcheck": {},
}  # fmt: skip
"""Names of the Docker library's arguments."""
VOLUMES = (
    "/:/host", "/:/host:ro", "/etc:/etc:ro", "/var/run/docker.sock:/s", "/run/docker.sock:/s", "/proc:/p", "/sys:/y",
    "/dev:/d", "/var/lib/docker:/d", "//:/host", "/./:/host", "/data/..:/host", "../x:/y", "./x:/y", "a",
    "shared:/a:rw",
    "shared:/a:rshared", "shared:/a:Z", "shared:/a:ro:rw", "shared:a", "other:/data", "type=bind,source=/,target=/x",
    "shared:/a/../../b", "sh\u0430red:/a", "-x:/a", "shared:/a\x00b",
)  # fmt: skip
CAPABILITIES = (
    "ALL", "SYS_ADMIN", "CAP_SYS_ADMIN", "NET_ADMIN", "NET_RAW", "MKNOD", "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO",
    "BPF",
    "DAC_READ_SEARCH", "PERFMON", "SYS_BOOT", "SYS_TIME", "cap_sys_admin", "sys_admin", "\u017fYS_ADMIN", "SYS_ADMIN ",
    "CAP_CAP_CHOWN", "",
)  # fmt: skip
NAMES = (
    "evil.example/app", "127.0.0.1:1/app", "127.0.0.1:2375/v1.41/containers", "169.254.169.254/latest/meta-data",
    "localhost/app:1", "localhost:5000/app", "[::1]:5000/app", "docker.io/evil/app", "evil", "evil:latest", "scratch",
    "https://evil.example/app", "unix:///var/run/docker.sock", "../containers/json", "a/../../containers/json",
    "..%2fcontainers%2fjson", "app?fromSrc=http://evil", "app#x", "app x", "app\n", "App", "app:", ":1", "@sha256:00",
    "",
    "*", "sha256:0", "sha256:ab", "sha256:" + "a" * 63, "sha256:" + "A" * 64, "sha512:" + "a" * 128, "a" * 600,
    "\u0430pp",
    "shop\u200b", "-evil", "evil@sha256:" + "a" * 64, "evil.example:99999/app:1",
)  # fmt: skip
"""Names of images that make the engine connect elsewhere, or mean what is not the deployment's."""
HOSTNAMES = (
    "ringmaster-balancer", "ringmaster-edge", "ringmaster-keeper", "RINGMASTER-EDGE", "a", "a" * 64, "../x", "a/b",
    "a.b",
    "S1.2", "-x", "_x", "a b", "a\n", "\u017f1", "S\u0661", "", "a\x00b", "a%2fb",
)  # fmt: skip
VERBS = (
    "exec", "exec_create", "create", "create_container", "archive", "put_archive", "get_archive", "attach", "commit",
    "logs",
    "build", "load", "import", "export", "tag", "push", "prune", "remove", "rmi", "inspect", "top", "update", "volumes",
    "networks", "connect", "swarm", "plugin", "Start", "START", "\u017ftart", "start ", " start", "start\x00", "_start",
    "__init__", "results", "", "GET /containers/json",
)  # fmt: skip
LOGS: tuple[Mapping[str, Any], ...] = (
    {"log_driver": "syslog", "log_options": {"syslog-address": "tcp://evil:514"}},
    {"log_driver": "gelf", "log_options": {"gelf-address": "udp://evil:1"}},
    {"log_driver": "fluentd"}, {"log_driver": "awslogs"}, {"log_driver": "gcplogs"}, {"log_driver": "splunk"},
    {"log_driver": "journald"}, {"log_options": {"max-buffer-size": "100g"}},
    {"log_driver": "evil"}, {"log_driver": "JSON-FILE"}, {"log_driver": "../plugin"},
    {"log_options": {"syslog-address": "unixgram:///dev/log"}}, {"log_options": {"path": "/etc/passwd"}},
)  # fmt: skip
LIMITS: tuple[Mapping[str, Any], ...] = (
    {"memory": ""}, {"memory": "5g"}, {"memory": "4097m"}, {"memory": "99999999999999"}, {"memory": "0"},
    {"memory": "-1"},
    {"memory": "1t"}, {"memory": "64M"}, {"pids": 0}, {"pids": 4097}, {"pids": -1}, {"cpus": -1}, {"cpus": 513},
    {"stop_timeout": 3601}, {"stop_timeout": -1}, {"stop_signal": "SIGSTOP"}, {"port": 0}, {"port": 70000},
)  # fmt: skip
OTHERS: tuple[Mapping[str, Any], ...] = (
    {"labels": {"ringmaster.deployment": "other"}}, {"labels": {"ringmaster.role": "balancer"}},
    {"labels": {"Ringmaster.Deployment": "other"}}, {"labels": {"RINGMASTER.role": "edge"}},
    {"labels": {"ringmaster.fingerprint": "0" * 16}}, {"labels": {"traefik.enable": "true"}}, {"labels": {"": "x"}},
    {"labels": {"com.docker.compose.project": "x"}}, {"environment": {"A=B": "x"}}, {"environment": {"": "x"}},
    {"environment": {"A": "x\x00y"}}, {"user": "0:0 --privileged"}, {"user": "a:b:c"}, {"working_dir": "etc"},
    {"tmpfs": {"/x": "suid"}}, {"tmpfs": {"/x": "dev"}}, {"tmpfs": {"/x": "rbind,size=1m"}}, {"tmpfs": {"/../etc": ""}},
    {"tmpfs": {"x": ""}}, {"heartbeat_path": "/a\r\nX: y"}, {"heartbeat_host": "a\r\nX: y"}, {"command": ["a\x00b"]},
    {"image": "evil", "content": ""}, {"content": "sha256:ab"}, {"content": "a" * 64}, {"digest": "evil@sha256:00"},
)  # fmt: skip
WRONG: Mapping[str, tuple[Any, ...]] = {
    "str": (None, 1, True, ["x"], {"x": "y"}),
    "int": (None, "1", 1.0, True, [1]),
    "float": (None, "1", True, [1]),
    "bool": (None, "true", 1, 0),
    "tuple": ("x", {"x": "y"}, [1], 1),
    "dict": ("x", ["x"], {"x": 1}, 1),
}
RAW: Mapping[str, bytes] = {
    "the engine's list": b"GET /v1.41/containers/json?all=1 HTTP/1.1\r\nHost: docker\r\n\r\n",
    "the engine's create": b"POST /containers/create?name=evil HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\n{}",
    "the engine's exec": b"POST /v1.41/exec/0/start HTTP/1.1\r\nHost: d\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n",
    "the engine's archive": b"PUT /containers/x/archive?path=/ HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n",
    "the engine's ping": b"GET /_ping HTTP/1.0\r\n\r\n",
    "a tunnel": b"CONNECT 127.0.0.1:2375 HTTP/1.1\r\nHost: d\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\n",
    "nothing": b"",
    "an empty line": b"\n",
    "half a call": b'{"verb":"obs',
    "half a call with a line": b'{"verb":\n',
    "no object": b'"observe"\n',
    "a list": b'[{"verb":"observe"}]\n',
    "null": b"null\n",
    "two calls": b'{"verb":"observe"}\n{"verb":"observe"}\n',
    "two objects": b'{"verb":"observe"}{"verb":"observe"}\n',
    "a byte order mark": b'\xef\xbb\xbf{"verb":"observe"}\n',
    "UTF-16": '{"verb":"observe"}\n'.encode("utf-16-le"),
    "UTF-16 with its mark": '{"verb":"observe"}\n'.encode("utf-16"),
    "UTF-32": '{"verb":"observe"}\n'.encode("utf-32-be") + b"\n",
    "Latin-1": b'{"verb":"observ\xe9"}\n',
    "an overlong slash": b'{"verb":"find","name":"a\xc0\xafb"}\n',
    "a raw surrogate": b'{"verb":"find","name":"\xed\xa0\x80"}\n',
    "half a pair of surrogates": b'{"verb":"find","name":"\\ud800"}\n',
    "a zero byte": b'{"verb":"observe\x00"}\n',
    "a comment": b'{"verb":"observe"/* x */}\n',
    "single quotes": b"{'verb':'observe'}\n",
    "a comma at the end": b'{"verb":"observe",}\n',
    "a verb twice": b'{"verb":"observe","verb":"observe"}\n',
    "a verb twice, once by its escape": b'{"verb":"observe","\\u0076erb":"stop"}\n',
    "another case": b'{"Verb":"observe"}\n',
    "both cases": b'{"verb":"observe","VERB":"stop"}\n',
    "a long s": '{"verb":"stop","in\u017ftance":"evil"}\n'.encode(),
    "a field too many": b'{"verb":"observe","all":true}\n',
    "a field too few": b'{"verb":"rename","instance":"evil"}\n',
    "NaN": b'{"verb":"observe","x":NaN}\n',
    "infinity": b'{"verb":"observe","x":-Infinity}\n',
    "a number without end": b'{"verb":"observe","x":' + b"9" * 10_000 + b"}\n",
    "a deep list": b'{"verb":"observe","x":' + b"[" * 200_000 + b"]" * 200_000 + b"}\n",
    "deep objects": b'{"verb":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}\n",
    "2 MiB in one line": b'{"verb":"find","name":"' + b"a" * (2 << 20) + b'"}\n',
    "2 MiB without a line": b"{" + b" " * (2 << 20),
}


def corpus(ground: Ground) -> Iterator[tuple[str, bytes]]:
    """What is hostile in it, and the bytes of the call."""
    yield from RAW.items()
    for what, document in _documents(ground):
        yield what, json.dumps(document).encode() + b"\n"


def _documents(ground: Ground) -> Iterator[tuple[str, dict[str, Any]]]:
    for keys in (HOST_CONFIG, CREATE, DOCKER_PY):
        for key, value in keys.items():
            yield f"release.{key}", ground.start({key: value})
    for key, value in CREATE.items():
        yield f"call.{key}", {**ground.start(), key: value}
    for what, values in (("volumes", VOLUMES), ("capabilities", CAPABILITIES)):
        for value in (*values, *((f"{ground.bystanders_volume}:/data",) if what == "volumes" else ())):
            yield f"{what} {value!r}", ground.start({what: [value]})
    for change in (*LOGS, *LIMITS, *OTHERS):
        yield f"release {change}", ground.start(change)
    for name, declared in FIELDS.items():
        kind = type(getattr(Release(image="x"), name) or {}).__name__ if declared.default == "" else ""
        default = declared.kind.check(declared.kind.read(declared.default))
        for value in WRONG[kind if default is None else type(default).__name__]:
            if value is not None or default is not None:
                yield f"{name} = {value!r}", ground.start({name: value})
        yield f"{name.upper()} beside {name}", ground.start({name.upper(): default})
        without = ground.start()
        del without["release"][name]
        yield f"no {name}", without
    yield from _servers(ground)
    yield from _images(ground)
    for verb in VERBS:
        yield f"verb {verb!r}", {"verb": verb, "instance": "evil", "name": "evil"}
    for value in (None, 1, True, ["start"], {"start": 1}):
        yield f"verb {value!r}", {"verb": value}
    yield "no verb", {"instance": "evil"}


def _servers(ground: Ground) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in HOSTNAMES:
        yield f"hostname {name!r}", ground.start(hostname=name)
    strange = (*(name for name in HOSTNAMES if name != "S1.2"), ground.bystander, f"{ground.bystander[:12]}/json")
    for name in strange:
        for verb in ("stop", "is_stopped", "last_output"):
            yield f"{verb} {name!r}", {"verb": verb, "instance": name}
        yield f"kill {name!r}", {"verb": "kill", "instance": name, "container": ""}
        yield f"rename to {name!r}", {"verb": "rename", "instance": "evil", "name": name}
    for container in (ground.bystander[:12], ground.bystanders_name, ground.bystander.upper(), "a" * 63, None, 1):
        yield f"kill the container {container!r}", {"verb": "kill", "instance": "evil", "container": container}
    for value in ("1", 1.0, True, None, -1, 1 << 31, 1 << 64):
        yield f"ring_id {value!r}", ground.start(ring_id=value)
        yield f"generation {value!r}", ground.start(generation=value)
    for value in ("true", 1, None):
        yield f"rolled {value!r}", ground.start(rolled=value)
    for value in ("w1", None, [1], ["w1", ""], ["a==b"], ["a b"], ["!=a"]):
        yield f"avoid {value!r}", {**ground.start(), "avoid": value}
    yield "server.address", ground.start(address="1.2.3.4:5")


def _images(ground: Ground) -> Iterator[tuple[str, dict[str, Any]]]:
    near = (f"{ground.image}/evil", f"{ground.image}evil", f"evil.example/{ground.image}")
    for name in (*NAMES, *near, ground.foreign_image):
        yield f"start of {name!r}", ground.start({"image": name, "content": ""})
        yield f"find {name!r}", {"verb": "find", "name": name}
        yield f"pull {name!r}", {"verb": "pull", "name": name}
    yield "a foreign image by its id", ground.start({"image": ground.foreign_content, "content": ""})
    yield "a foreign image under an allowed name", ground.start({"content": ground.foreign_content})
    yield "the id of a foreign image", {"verb": "find", "name": ground.foreign_content}
    yield "a pull by an id", {"verb": "pull", "name": ground.content}
    for value in (None, 1, True, ["x"], {"x": 1}):
        yield f"find {value!r}", {"verb": "find", "name": value}
