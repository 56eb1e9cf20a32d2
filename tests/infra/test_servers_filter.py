"""What `make verify` says of servers that are not what their release says: its filters, on what an engine tells."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.infra.filters import loaded

servers = loaded("servers")

IMAGE = {"Id": "sha256:shop", "Config": {"User": "10001", "WorkingDir": "/app", "Cmd": ["serve"], "Entrypoint": None}}
RELEASE: dict[str, Any] = {
    "number": 3,
    "image": "shop:1.4",
    "content": "sha256:shop",
    "digest": "",
    "environment": ["MODE"],
    "memory": "256m",
    "cpus": 0.5,
    "pids": 512,
    "port": 8080,
    "protocol": "h2c",
    "heartbeat_path": "/healthz",
    "heartbeat_host": "",
    "heartbeat_status": "200",
    "heartbeat_timeout": 0.4,
    "command": [],
    "entrypoint": [],
    "user": "",
    "working_dir": "",
    "volumes": ["data:/data"],
    "tmpfs": None,
    "capabilities": ["NET_BIND_SERVICE"],
    "read_only": True,
    "init": True,
    "stop_signal": "",
    "stop_timeout": 10,
    "labels": ["team"],
    "log_driver": "json-file",
    "log_options": None,
}
SERVER: dict[str, Any] = {
    "Name": "/S1",
    "Image": "sha256:shop",
    "State": {"Running": True},
    "Mounts": [],
    "Config": {
        "User": "10001",
        "WorkingDir": "/app",
        "Cmd": ["serve"],
        "Entrypoint": None,
        "Env": ["MODE=fast", "SERVER_ID=S1", "PATH=/bin"],
        "StopTimeout": 10,
        "Labels": {
            "team": "shop",
            "ringmaster.role": "server",
            "ringmaster.port": "8080",
            "ringmaster.protocol": "h2c",
            "ringmaster.heartbeat_path": "/healthz",
            "ringmaster.heartbeat_host": "",
            "ringmaster.heartbeat_status": "200",
            "ringmaster.heartbeat_timeout": "0.4",
        },
    },
    "HostConfig": {
        "Memory": 256 << 20,
        "NanoCpus": 500_000_000,
        "PidsLimit": 512,
        "Binds": ["data:/data"],
        "Tmpfs": {"/tmp": "size=64m"},  # noqa: S108 (a path in the container)
        "CapAdd": ["CAP_NET_BIND_SERVICE"],
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "ReadonlyRootfs": True,
        "Init": True,
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
    },
}
ASKED: dict[str, Any] = {
    **{field: value for field, value in RELEASE.items() if field not in ("number", "digest")},
    "environment": {"MODE": "fast"},
    "labels": {"team": "shop"},
}
OTHER = copy.deepcopy(SERVER) | {"Name": "/S2"}


def differences(server: dict[str, Any], release: dict[str, Any] = RELEASE) -> list[str]:
    found: list[str] = servers.server_differences([server, OTHER], release, [IMAGE], ASKED)
    return [text for text in found if text.startswith("S1: ")]


def changed(*path: str, value: Any) -> dict[str, Any]:
    server = copy.deepcopy(SERVER)
    *folders, last = path
    part = server
    for folder in folders:
        part = part[folder]
    part[last] = value
    return server


def test_servers_that_are_what_their_release_says() -> None:
    assert servers.server_differences([SERVER, OTHER], RELEASE, [IMAGE], ASKED) == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("Image",), "sha256:old", 'content is "sha256:old", not "sha256:shop"'),
        (("Config", "User"), "0", 'user is "0", not "10001"'),
        (("Config", "WorkingDir"), "/", 'working_dir is "/", not "/app"'),
        (("Config", "Cmd"), ["sh"], 'command is ["sh"], not ["serve"]'),
        (("Config", "Entrypoint"), ["sh"], 'entrypoint is ["sh"], not []'),
        (("Config", "StopTimeout"), None, "stop_timeout is null, not 10"),
        (("Config", "StopSignal"), "SIGQUIT", 'stop_signal is "SIGQUIT", not ""'),
        (("Config", "Labels", "ringmaster.port"), "5000", 'port is "5000", not "8080"'),
        (("Config", "Labels", "ringmaster.protocol"), "http", 'protocol is "http", not "h2c"'),
        (("Config", "Labels", "ringmaster.heartbeat_path"), "/", 'heartbeat_path is "/", not "/healthz"'),
        (("HostConfig", "Memory"), 0, "memory is 0, not 268435456"),
        (("HostConfig", "NanoCpus"), 0, "cpus is 0, not 500000000"),
        (("HostConfig", "PidsLimit"), None, "pids is 0, not 512"),
        (("HostConfig", "Binds"), None, 'volumes is [], not ["data:/data"]'),
        (("HostConfig", "Tmpfs"), None, 'tmpfs is {}, not {"/tmp": "size=64m"}'),
        (("HostConfig", "CapAdd"), ["SYS_ADMIN"], 'capabilities is ["SYS_ADMIN"], not ["NET_BIND_SERVICE"]'),
        (("HostConfig", "CapDrop"), None, "capabilities are not dropped"),
        (("HostConfig", "SecurityOpt"), None, "new privileges are not refused"),
        (
            ("HostConfig", "SecurityOpt"),
            ["no-new-privileges", "seccomp=unconfined"],
            "seccomp is not the engine's own",
        ),
        (("HostConfig", "ReadonlyRootfs"), False, "read_only is false, not true"),
        (("HostConfig", "Init"), None, "init is false, not true"),
        (("HostConfig", "LogConfig", "Type"), "local", 'log_driver is "local", not "json-file"'),
        (("HostConfig", "LogConfig", "Config"), {"max-size": "10m"}, "log_options lacks max-file"),
        (("Config", "Env"), ["SERVER_ID=S1"], "environment lacks MODE"),
    ],
)
def test_what_a_server_has_and_its_release_does_not_say_is_named(path: tuple[str, ...], value: Any, said: str) -> None:
    assert differences(changed(*path, value=value)) == [f"S1: {said}"]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("Config", "Env"), ["MODE=hunter2", "SERVER_ID=S1"], "environment has another value of MODE"),
        (("Config", "Labels", "team"), "hunter2", "labels has another value of team"),
        (
            ("HostConfig", "LogConfig", "Config"),
            {"max-size": "hunter2", "max-file": "3"},
            "log_options has another value of max-size",
        ),
    ],
)
def test_a_value_that_may_be_a_secret_is_not_shown(path: tuple[str, ...], value: Any, said: str) -> None:
    assert differences(changed(*path, value=value)) == [f"S1: {said}"]


def test_of_an_image_that_the_engine_does_not_tell_nothing_is_expected() -> None:
    assert servers.server_differences([SERVER], RELEASE, [], ASKED) == []
    assert servers.server_differences([SERVER], RELEASE | {"user": "7"}, [], ASKED) == ['S1: user is "10001", not "7"']


def test_a_folder_without_a_size_that_an_older_balancer_made_is_left_until_the_next_roll() -> None:
    unsized = changed("HostConfig", "Tmpfs", value={"/tmp": ""})  # noqa: S108 (a path in the container)
    assert differences(unsized) == []
    assert differences(unsized, RELEASE | {"tmpfs": {}}) == ['S1: tmpfs is {"/tmp": ""}, not {}']


def test_an_engine_without_an_init_is_not_held_to_one() -> None:
    server = changed("HostConfig", "Init", value=False)
    assert servers.server_differences([server], RELEASE, [IMAGE], ASKED) == []


def test_an_entrypoint_of_the_release_takes_the_images_command_away() -> None:
    server = changed("Config", "Entrypoint", value=["python3"])
    release = RELEASE | {"entrypoint": ["python3"]}
    assert differences(server, release) == ['S1: command is ["serve"], not []']
    server["Config"]["Cmd"] = None
    assert differences(server, release) == []


def test_a_release_of_which_the_balancer_tells_less_is_compared_as_far() -> None:
    """One of an earlier version, of which a balancer of this version knows no more."""
    release = {"number": 1, "image": "shop:1.4", "environment": [], "memory": "", "cpus": 0}
    assert differences(changed("HostConfig", "Memory", value=1), release) == [
        "S1: memory is 1, not 0",
        "S1: cpus is 500000000, not 0",
    ]


def test_the_settings_of_the_balancer_are_the_release_that_was_asked_for() -> None:
    variables = {
        "SERVER_IMAGE": "shop:1.4",
        "SERVER_IMAGE_ID": "sha256:shop",
        "SERVER_ENVIRONMENT": '{"MODE":"fast"}',
        "SERVER_MEMORY": "256m",
        "SERVER_CPUS": "0.5",
        "SERVER_PIDS": "512",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "h2c",
        "HEARTBEAT_PATH": "/healthz",
        "HEARTBEAT_HOST": "",
        "HEARTBEAT_STATUS": "200",
        "HEARTBEAT_TIMEOUT": "0.4",
        "SERVER_COMMAND": "[]",
        "SERVER_ENTRYPOINT": "[]",
        "SERVER_USER": "",
        "SERVER_WORKING_DIR": "",
        "SERVER_VOLUMES": '["data:/data"]',
        "SERVER_TMPFS": "",
        "SERVER_CAPABILITIES": "NET_BIND_SERVICE",
        "SERVER_READ_ONLY": "true",
        "SERVER_INIT": "true",
        "SERVER_STOP_SIGNAL": "",
        "STOP_TIMEOUT": "10",
        "SERVER_LABELS": '{"team":"shop"}',
        "SERVER_LOG_DRIVER": "json-file",
        "SERVER_LOG_OPTIONS": "",
    }
    balancer = {"Config": {"Env": ["PATH=/bin", *(f"RINGMASTER_{name}={value}" for name, value in variables.items())]}}
    assert servers.asked_release(balancer) == ASKED
    assert servers.release_differences(RELEASE, ASKED) == []


def test_a_release_that_nobody_asked_for_is_named_without_its_secrets() -> None:
    release = RELEASE | {"content": "sha256:old", "image": "shop:1.5", "environment": ["MODE", "PASSWORD"], "tmpfs": {}}
    assert servers.release_differences(release, ASKED) == [
        'image is "shop:1.5", not "shop:1.4"',
        'content is "sha256:old", not "sha256:shop"',
        'environment is ["MODE", "PASSWORD"], not ["MODE"]',
        "tmpfs is {}, not null",
    ]


def edge_with(*path: str, value: Any) -> dict[str, Any]:
    """An edge as it should be, but for one thing."""
    edge = changed(*path, value=value) | {"Name": "/edge"}
    edge["Config"]["Labels"] = {"ringmaster.role": "edge"}
    edge["HostConfig"] |= {"MemorySwap": edge["HostConfig"]["Memory"], "CapAdd": None} | (
        {path[-1]: value} if path[0] == "HostConfig" else {}
    )
    return edge


def test_profiles_of_the_host_are_no_fault() -> None:
    options = ["no-new-privileges", "apparmor=shop", 'seccomp={"defaultAction": "SCMP_ACT_ALLOW"}', "label=disable"]
    assert servers.container_faults([edge_with("HostConfig", "SecurityOpt", value=options)], "10001") == []


def test_a_host_that_cannot_limit_swap_is_not_held_to_it() -> None:
    assert servers.container_faults([edge_with("HostConfig", "MemorySwap", value=-1)], "10001") == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CapAdd", ["CHOWN"], 'added is ["CHOWN"], not []'),
        ("Privileged", True, "privileged is true, not false"),
        ("SecurityOpt", None, 'security is [], not ["no-new-privileges"]'),
        ("SecurityOpt", ["no-new-privileges", "seccomp=unconfined"], '"seccomp=unconfined"'),
        ("PidsLimit", None, '"pids": false'),
        ("MemorySwap", 0, '"swap": false'),
        ("MemorySwap", 1 << 40, '"swap": false'),
        ("Tmpfs", {"/tmp": "mode=1777"}, '"tmpfs": false'),  # noqa: S108 (a path in the container)
    ],
)
def test_what_the_edge_could_do_without_is_named(name: str, value: Any, said: str) -> None:
    (fault,) = servers.container_faults([edge_with("HostConfig", name, value=value)], "10001")
    assert said in fault


def test_edge_and_balancer_are_held_to_the_least_and_servers_to_running() -> None:
    edge = edge_with("Config", "User", value="10001")
    stopped = changed("State", "Running", value=False)
    stopped["Config"]["User"] = "0"
    assert servers.container_faults([edge, stopped, OTHER], "10001:10001") == [
        'edge: user is "10001", not "10001:10001"',
        "S1: running is false, not true",
    ]


def test_nobody_but_the_keeper_holds_the_engine_and_the_keeper_has_no_network() -> None:
    keeper = edge_with("HostConfig", "NetworkMode", value="none") | {"Name": "/keeper"}
    keeper["Config"] |= {"User": "10002:10001", "Labels": {"ringmaster.role": "keeper"}}
    keeper["Mounts"] = [{"Destination": "/var/run/docker.sock"}]
    assert servers.container_faults([keeper], "10001:10001") == []
    balancer = copy.deepcopy(keeper) | {"Name": "/balancer"}
    balancer["Config"] |= {"User": "10001:10001", "Labels": {"ringmaster.role": "balancer"}}
    balancer["Mounts"] = [{"Source": "/run/docker.sock", "Destination": "/run/another"}]
    keeper["Mounts"], keeper["HostConfig"]["NetworkMode"] = [], "bridge"
    assert servers.container_faults([keeper, balancer], "10001:10001") == [
        "keeper: holds the engine is false, not true",
        'keeper: network is "bridge", not "none"',
        "balancer: holds the engine is true, not false",
    ]


@pytest.mark.parametrize(("user", "faults"), [("1000:1000", 0), ("10003:10003", 0), ("0:0", 1), ("root", 1), ("", 1)])
def test_prometheus_runs_as_anybody_but_root(user: str, faults: int) -> None:
    prometheus = edge_with("Config", "User", value=user)
    prometheus["Config"]["Labels"] = {"ringmaster.role": "prometheus"}
    found = servers.container_faults([prometheus], "10001:10001")
    assert found == [f'edge: user is "{user}", not "not root"'] * faults


def test_what_is_tried_again_is_what_is_new_and_no_secret() -> None:
    wish = RELEASE | {"number": 4, "image": "shop:1.5", "content": "sha256:new", "memory": "1g", "labels": ["more"]}
    again = servers.to_try_again(wish, RELEASE)
    assert again == {"image": "shop:1.5", "memory": "1g"}
    assert json.dumps(again)
