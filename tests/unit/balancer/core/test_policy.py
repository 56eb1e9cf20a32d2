"""What a release may ask for: what the settings say, what the policy allows, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from balancer.core.errors import InvalidRequest
from balancer.core.policy import parse
from balancer.core.release import Release

CONTENT = f"sha256:{'0a' * 32}"
OTHER = f"sha256:{'0b' * 32}"
OWN = Release(
    image="registry.example/shop:1",
    memory="256m",
    pids=512,
    volumes=("data:/data:ro", "/srv/pages:/pages"),
    capabilities=("SYS_NICE",),
    labels={"team": "shop"},
    content=CONTENT,
)


def allows(change: dict[str, Any], policy: dict[str, Any] | None = None, *, own: Release = OWN) -> bool:
    judge = parse(policy or {}, release=own, servers=9)
    try:
        judge.check(replace(own, **change))
    except InvalidRequest:
        return False
    return True


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"image": "registry.example/shop"},
        {"image": "registry.example/shop:2", "content": OTHER},
        {"image": f"registry.example/shop@{OTHER}"},
        {"image": OTHER},  # an id is judged by its names
        {"environment": {"A": "b"}, "command": ("x",), "user": "0", "read_only": False, "init": False},
        {"port": 1, "heartbeat_path": "/", "working_dir": "/", "stop_signal": "KILL", "stop_timeout": 3600},
        {"tmpfs": {"/tmp": "", "/run": "size=100g,exec"}},  # noqa: S108 (it counts to the memory)
        {"volumes": ("/srv/pages:/pages",)},
        {"volumes": ()},
        {"capabilities": ("CHOWN", "NET_BIND_SERVICE", "SYS_NICE")},
        {"labels": {"team": "other"}},
        {"memory": "4g", "cpus": 512, "pids": 4096},
        {"log_driver": "none"},
        {"log_driver": "local", "log_options": {"max-size": "1m", "compress": "true"}},
        {"log_options": {"max-size": "1m", "max-file": "2", "tag": "x", "labels": "team"}},
    ],
)
def test_what_the_settings_say_and_what_does_no_harm_is_allowed(change: dict[str, Any]) -> None:
    assert allows(change)


@pytest.mark.parametrize(
    ("change", "allowed_by"),
    [
        ({"image": "registry.example/shop/evil:1"}, {"images": ["registry.example/shop/*"]}),
        ({"image": "registry.example/shopping:1"}, {"images": ["registry.example/shop*:1"]}),
        ({"image": "registry.evil/shop:1"}, {"images": ["*.evil/shop"]}),
        ({"image": "registry.example:5000/shop:1"}, {"images": ["registry.example:5000/shop"]}),
        ({"image": "shop:1"}, {"images": ["docker.io/library/shop"]}),
        ({"image": "index.docker.io/library/shop:1"}, {"images": ["shop"]}),
        ({"image": "team/shop"}, {"images": ["docker.io/team/*:latest"]}),
        ({"image": "registry.evil/a/b/c"}, {"images": ["*"]}),
        ({"image": "sha256:0a0a"}, {"images": ["*"]}),
        ({"volumes": ("data:/data",)}, {"volumes": ["data"]}),
        ({"volumes": ("other:/data",)}, {"volumes": ["o*r"]}),
        ({"capabilities": ("NET_RAW",)}, {"capabilities": ["NET_RAW"]}),
        ({"capabilities": ("MKNOD",)}, {"capabilities": ["CAP_MKNOD"]}),
        ({"capabilities": ("ALL",)}, {"capabilities": ["ALL"]}),
        ({"labels": {"traefik.enable": "true"}}, {"labels": ["traefik.*"]}),
        ({"memory": ""}, {"memory": ""}),
        ({"memory": "4097m"}, {"memory": "5g"}),
        ({"memory": "5368709120"}, {"memory": "5g"}),
        ({"pids": 0}, {"pids": 0}),
        ({"pids": 4097}, {"pids": 4097}),
    ],
)
def test_what_goes_further_is_refused_unless_the_policy_names_it(
    change: dict[str, Any], allowed_by: dict[str, Any]
) -> None:
    assert not allows(change)
    assert allows(change, allowed_by)


@pytest.mark.parametrize(
    "change",
    [
        {"volumes": ("/etc:/etc",)},
        {"volumes": ("/srv/pages:/pages:ro",)},
        {"volumes": ("/srv:/pages",)},
        {"log_driver": "syslog", "log_options": {}},
        {"log_driver": "local", "log_options": {"syslog-address": "tcp://evil"}},
        {"log_options": {"fluentd-address": "evil"}},
        {"log_options": {"mode": "non-blocking", "max-buffer-size": "100g"}},
    ],
)
def test_folders_and_foreign_logs_are_given_by_settings_only(change: dict[str, Any]) -> None:
    everything = {"images": ["*"], "volumes": ["*"], "labels": ["*"], "memory": "", "pids": 0}
    assert not allows(change, everything)
    assert allows(change, own=replace(OWN, **change))


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("registry.example/*", "registry.example/team/shop"),
        ("registry.example/team/*", "registry.example/team"),
        ("shop", "evil.example/library/shop"),
        ("shop:1.*", "shop:2.0"),
        ("shop:1.*", "shop"),
        ("shop:1.*", f"shop@{OTHER}"),
        ("shop:1.*", f"shop:1.0@{OTHER}"),
        ("shop:1.", "shop:1x"),
        ("*/shop", "localhost:5000/shop"),
        ("s[h]op", "shop"),
    ],
)
def test_a_star_stays_within_a_part_and_a_tag_is_no_digest(pattern: str, name: str) -> None:
    assert not allows({"image": name}, {"images": [pattern]})


def test_a_setting_without_a_limit_allows_any() -> None:
    free = replace(OWN, memory="", pids=0)
    assert allows({"memory": "100g", "pids": 100_000}, own=free)
    assert not allows({"cpus": 0}, {"cpus": 2}, own=replace(OWN, cpus=1.5))
    assert allows({"cpus": 2}, {"cpus": 2}, own=replace(OWN, cpus=1.5))
    assert allows({"cpus": 3}, {"cpus": 2}, own=replace(OWN, cpus=3))


def test_an_image_is_judged_by_its_names() -> None:
    policy = parse({"images": ["base"]}, release=OWN, servers=9)
    assert policy.allows_image(OTHER, ())
    assert policy.allows_image(OTHER, ("evil:1", "docker.io/library/base:2"))
    assert policy.allows_image(OTHER, (f"registry.example/shop@{OTHER}",))
    assert not policy.allows_image(OTHER, ("evil:1",))
    assert policy.allows_image(CONTENT, ("evil:1",)), "the settings name this one"


def test_settings_that_name_an_id_name_no_repository() -> None:
    policy = parse({}, release=Release(image="0a" * 32), servers=9)
    assert policy.allows_image(CONTENT, ("evil:1",))
    with pytest.raises(InvalidRequest):
        policy.check_name("sha256:0a0a")


BEYOND = "is beyond this deployment's policy; whoever runs it allows it by policy"


@pytest.mark.parametrize(
    ("change", "told", "wish"),
    [
        ({"image": "evil:1"}, f'image: "evil:1" {BEYOND}.images', '{"images": ["evil:1"]}'),
        ({"memory": ""}, f'memory: "no limit" {BEYOND}.memory', '{"memory": ""}'),
        ({"pids": 5000}, f'pids: "5000" {BEYOND}.pids', '{"pids": 5000}'),
    ],
)
def test_a_refusal_says_field_rule_and_what_to_set(change: dict[str, Any], told: str, wish: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse({}, release=OWN, servers=9).check(replace(OWN, **change))
    assert str(refused.value) == f'{told}: make up VARS=\'{{"ringmaster_variables": {{"policy": {wish}}}}}\''


def test_a_refusal_of_a_folder_names_the_setting() -> None:
    with pytest.raises(InvalidRequest, match='volumes: "/etc:/etc" is given by the setting server_volumes only'):
        parse({}, release=OWN, servers=9).check(replace(OWN, volumes=("/etc:/etc",)))


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"image": ["x"]}, '"image" is not a field here'),
        ({"images": "x"}, "images: it must be a JSON list of strings"),
        ({"images": [1]}, "images: "),
        ({"capabilities": ["NO_SUCH"]}, 'capabilities: "NO_SUCH" is not a capability'),
        ({"memory": 4}, "memory: it must be such as 256m"),
        ({"pids": 1.5}, "pids: it must be an integer"),
        ({"cpus": True}, "cpus: it must be a number"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(document: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse(document, release=OWN, servers=9)
    assert why in str(refused.value)
