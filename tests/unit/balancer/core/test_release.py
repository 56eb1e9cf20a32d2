"""Releases: what a server's container is made of, and how a user changes it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from balancer.core.errors import InvalidRequest
from balancer.core.heartbeat import Heartbeat
from balancer.core.release import FIELDS, Release

RELEASE = Release(
    number=3,
    image="app:1",
    environment={"MODE": "slow"},
    memory="64m",
    cpus=0.5,
    volumes=("/srv/shared:/shared:ro",),
    capabilities=("SYS_NICE",),
)
OF_VERSION_5 = "8731ca0df8f582d6"
"""The fingerprint that version 5 gave to its default release."""


def test_missing_fields_and_the_number_stay() -> None:
    assert RELEASE.changed({}) == RELEASE
    assert RELEASE.changed({"image": "app:2"}) == replace(RELEASE, image="app:2")
    assert RELEASE.changed({"memory": "", "cpus": 0}) == replace(RELEASE, memory="", cpus=0.0)


def test_an_environment_is_replaced_whole() -> None:
    assert RELEASE.changed({"environment": {"LEVEL": ""}}).environment == {"LEVEL": ""}
    assert RELEASE.changed({"environment": {}}).environment == {}


def test_a_releases_own_document_changes_nothing_else() -> None:
    assert list(RELEASE.document()) == list(FIELDS)
    assert replace(RELEASE, number=9, image="app:2").changed(RELEASE.document()) == replace(RELEASE, number=9)
    assert Release(number=9).restored(RELEASE.document()) == replace(RELEASE, number=9)


@pytest.mark.parametrize("image", ["a", "app:1.2", "registry.example:5000/team/app@sha256:" + "0" * 64, "sha256:abc"])
def test_good_images(image: str) -> None:
    assert RELEASE.changed({"image": image}).image == image


@pytest.mark.parametrize("memory", ["", "1", "6291456", "64m", "1g", "512k", "7b", "9" * 15 + "g"])
def test_good_memory_limits(memory: str) -> None:
    assert RELEASE.changed({"memory": memory}).memory == memory


@pytest.mark.parametrize("cpus", [0, 0.0, 0.25, 1, 512, 512.0])
def test_good_cpu_limits(cpus: float) -> None:
    changed = RELEASE.changed({"cpus": cpus}).cpus
    assert (changed, type(changed)) == (cpus, float)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"image": ""}, "image must be an image's name or id, such as registry/app:1.2"),
        ({"image": "app 1"}, "image must be"),
        ({"image": "app:1\n"}, "image must be"),
        ({"image": None}, "image must be"),
        ({"image": 1}, "image must be"),
        ({"environment": None}, 'environment must be a JSON object of strings, such as {"MODE":"fast"}'),
        ({"environment": ["MODE=fast"]}, "environment must be"),
        ({"environment": {"MODE": 1}}, "environment must be"),
        ({"environment": {"": "1"}}, 'environment: "" cannot be a variable'),
        ({"environment": {"A=B": "1"}}, 'environment: "A=B" cannot be a variable'),
        ({"environment": {"A": "1\0"}}, 'environment: "A" cannot be a variable'),
        ({"environment": {"A\0": "1"}}, "cannot be a variable"),
        ({"memory": "0"}, "memory must be such as 256m, or empty for no limit"),
        ({"memory": "0m"}, "memory must be"),
        ({"memory": "64mb"}, "memory must be"),
        ({"memory": "64M"}, "memory must be"),
        ({"memory": " 64m"}, "memory must be"),
        ({"memory": "64m\n"}, "memory must be"),
        ({"memory": "1.5g"}, "memory must be"),
        ({"memory": "9" * 16}, "memory must be"),
        ({"memory": "٣"}, "memory must be"),
        ({"memory": 64}, "memory must be"),
        ({"memory": None}, "memory must be"),
        ({"cpus": -0.1}, "cpus must be a number from 0 (no limit) to 512"),
        ({"cpus": 512.1}, "cpus must be"),
        ({"cpus": 10**400}, "cpus must be"),
        ({"cpus": float("nan")}, "cpus must be"),
        ({"cpus": float("inf")}, "cpus must be"),
        ({"cpus": True}, "cpus must be"),
        ({"cpus": "1"}, "cpus must be"),
        ({"cpus": None}, "cpus must be"),
        ({"pids": -1}, "pids must be an integer from 0 (no limit) to 4194304"),
        ({"pids": 5.0}, "pids must be"),
        ({"pids": True}, "pids must be"),
        ({"port": "8080"}, "port must be an integer from 1 to 65535"),
        ({"port": 0}, "port must be"),
        ({"protocol": "h2"}, "protocol must be http or h2c"),
        ({"heartbeat_path": "healthz"}, "heartbeat_path must be a path that starts with /"),
        ({"heartbeat_host": "a b"}, "heartbeat_host must be a host"),
        ({"heartbeat_status": 200}, "heartbeat_status must be statuses such as 200, 200-399 or 200,204"),
        ({"heartbeat_status": "399-200"}, "heartbeat_status: no status is in 399-200"),
        ({"heartbeat_timeout": 0}, "heartbeat_timeout must be seconds from 0.01 to 600"),
        ({"command": "serve"}, 'command must be a JSON list of strings, such as ["serve","--fast"]'),
        ({"entrypoint": [1]}, "entrypoint must be"),
        ({"user": "a b"}, "user must be"),
        ({"working_dir": "srv"}, "working_dir must be an absolute path"),
        ({"volumes": {"data": "/data"}}, "volumes must be a JSON list such as"),
        ({"volumes": ["data"]}, 'volumes: "data" is none; write VOLUME:/target'),
        ({"volumes": ["./data:/data"]}, "volumes: "),
        ({"tmpfs": ["/run"]}, "tmpfs must be a JSON object such as"),
        ({"tmpfs": {"/run": "dev"}}, 'tmpfs: "dev" must be of size='),
        ({"capabilities": ["chown"]}, 'capabilities: "chown" is not a capability'),
        ({"read_only": "true"}, "read_only must be true or false"),
        ({"init": 1}, "init must be true or false"),
        ({"stop_signal": "SIGSTOP"}, "stop_signal must be a signal such as SIGTERM"),
        ({"stop_timeout": 1.5}, "stop_timeout must be an integer from 0 to 3600"),
        ({"labels": {"ringmaster.role": "edge"}}, "labels that begin with ringmaster. are Ringmaster's own"),
        ({"log_driver": "file"}, "log_driver must be one of json-file, local"),
        ({"log_options": []}, "log_options must be"),
        ({"number": 4}, '"number" is not a field here; there is: image, environment, memory, cpus, pids, port, '),
        ({"image": "app:2", "Memory": "1g"}, '"Memory" is not a field here'),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_write(document: dict[str, object], why: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        RELEASE.changed(document)
    assert why in str(refused.value)


def test_releases_are_alike_whatever_their_numbers() -> None:
    assert RELEASE.is_like(replace(RELEASE, number=8))
    assert not RELEASE.is_like(replace(RELEASE, image="app:2"))
    assert not RELEASE.is_like(replace(RELEASE, environment={}))
    assert not RELEASE.is_like(replace(RELEASE, memory=""))
    assert not RELEASE.is_like(replace(RELEASE, cpus=0.0))


OTHER_VALUES = {
    "image": "app:2",
    "environment": {"MODE": "fast"},
    "memory": "",
    "cpus": 1,
    "pids": 0,
    "port": 8080,
    "protocol": "h2c",
    "heartbeat_path": "/healthz",
    "heartbeat_host": "app.example",
    "heartbeat_status": "200-399",
    "heartbeat_timeout": 2,
    "command": ["serve"],
    "entrypoint": ["/bin/sh", "-c"],
    "user": "1000:1000",
    "working_dir": "/srv",
    "volumes": ["data:/data", "/srv/shared:/shared:ro"],
    "tmpfs": {"/run": "size=64m,exec"},
    "capabilities": ["NET_BIND_SERVICE", "SYS_NICE"],
    "read_only": False,
    "init": False,
    "stop_signal": "SIGQUIT",
    "stop_timeout": 0,
    "labels": {"team": "shop"},
    "log_driver": "local",
    "log_options": {},
}


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_a_part_of_the_content(name: str) -> None:
    """Another value is another release: with another fingerprint, saved and read, and shown."""
    other = RELEASE.changed({name: OTHER_VALUES[name]})
    assert not RELEASE.is_like(other)
    assert other.fingerprint != RELEASE.fingerprint == replace(RELEASE, number=4, content="x").fingerprint
    assert Release().restored(json.loads(json.dumps(other.document()))) == replace(other, number=1)
    assert other.told()[name] == (sorted(OTHER_VALUES[name]) if FIELDS[name].secret else OTHER_VALUES[name])  # type: ignore[call-overload]


def test_a_fingerprint_is_whole_and_that_of_an_older_version_is_its_beginning() -> None:
    before = replace(Release(), memory="")
    assert re.fullmatch("[0-9a-f]{64}", before.fingerprint)
    assert before.fingerprint.startswith(OF_VERSION_5)
    assert before.is_named(before.fingerprint)
    assert before.is_named(OF_VERSION_5)
    assert not before.is_named(before.fingerprint[:15])
    assert not before.is_named("")
    assert not replace(before, protocol="h2c").is_named(OF_VERSION_5)


def test_the_default_of_every_field_is_the_settings() -> None:
    defaults = {name: declared.kind.check(declared.kind.read(declared.default)) for name, declared in FIELDS.items()}
    assert defaults == {name: getattr(Release(), name) for name in FIELDS}


def test_of_secrets_only_the_names_are_shown() -> None:
    secrets = {"PASSWORD": "hunter2"}
    release = Release(environment=secrets, labels=secrets, log_options=secrets)
    told = release.told()
    assert told["environment"] == told["labels"] == told["log_options"] == ["PASSWORD"]
    assert "hunter2" not in json.dumps(told)


def test_where_the_root_is_read_only_there_is_a_folder_to_write_to() -> None:
    assert Release().folders_in_memory == {"/tmp": "size=64m"}  # noqa: S108 (a path in a container)
    assert Release(read_only=False).folders_in_memory == {}
    assert Release(tmpfs={}).folders_in_memory == {}
    assert Release(tmpfs={"/run": "exec"}).folders_in_memory == {"/run": "exec"}


def test_only_the_log_files_that_would_grow_without_end_have_options_by_themselves() -> None:
    assert Release().options_of_the_log == {"max-size": "10m", "max-file": "3"}
    assert Release(log_driver="journald").options_of_the_log == {}
    assert Release(log_options={}).options_of_the_log == {}


def test_a_release_says_how_its_servers_are_asked() -> None:
    release = Release(heartbeat_path="/up", heartbeat_host="a.example", heartbeat_status="204", heartbeat_timeout=2.0)
    assert release.heartbeat == Heartbeat("/up", "a.example", "204", 2.0)
    assert replace(release, protocol="h2c").heartbeat == Heartbeat("/up", "a.example", "204", 2.0, "h2c")
