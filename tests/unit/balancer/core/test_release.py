"""Releases: what a server's container is made of, and how a user changes it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from balancer.core.errors import InvalidRequest
from balancer.core.release import FIELDS, Release

RELEASE = Release(number=3, image="app:1", environment={"MODE": "slow"}, memory="64m", cpus=0.5)


def test_missing_fields_and_the_number_stay() -> None:
    assert RELEASE.changed({}) == RELEASE
    assert RELEASE.changed({"image": "app:2"}) == replace(RELEASE, image="app:2")
    assert RELEASE.changed({"memory": "", "cpus": 0}) == replace(RELEASE, memory="", cpus=0.0)


def test_an_environment_is_replaced_whole() -> None:
    assert RELEASE.changed({"environment": {"LEVEL": ""}}).environment == {"LEVEL": ""}
    assert RELEASE.changed({"environment": {}}).environment == {}


def test_a_releases_own_document_changes_nothing_else() -> None:
    assert list(RELEASE.document()) == list(FIELDS)
    assert Release(number=9).changed(RELEASE.document()) == replace(RELEASE, number=9)


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
