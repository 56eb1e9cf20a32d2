"""What the Docker API is told of a server's container, and what its labels tell. With a real engine: tests/contract."""

from __future__ import annotations

from dataclasses import replace

import pytest

from balancer.adapters import container_spec
from balancer.core.fleet import Server
from balancer.core.lifecycle import State
from balancer.core.release import Release

SERVER = Server("S1", 4, State.JOINING, release=3, rolled=True, generation=7)
RELEASE = Release(
    3,
    "shop:3",
    port=8080,
    protocol="h2c",
    heartbeat_path="/up",
    heartbeat_host="shop.example",
    heartbeat_status="200-299",
    heartbeat_timeout=0.25,
    labels={"team": "shop"},
)


def test_labels_tell_what_a_container_is_judged_by() -> None:
    labels = container_spec.labels(SERVER, RELEASE)
    assert container_spec.heartbeat(labels) == RELEASE.heartbeat
    assert labels["team"] == "shop"
    assert (labels["ringmaster.port"], labels["ringmaster.generation"]) == ("8080", "7")
    assert (labels["ringmaster.release"], labels["ringmaster.fingerprint"]) == ("3", RELEASE.fingerprint)


@pytest.mark.parametrize("lost", list(container_spec.HEARTBEAT.values()))
def test_of_a_container_without_a_label_it_is_not_known(lost: str) -> None:
    labels = container_spec.labels(SERVER, RELEASE)
    del labels[lost]
    assert container_spec.heartbeat(labels) is None


def test_a_container_that_an_older_balancer_made_speaks_http() -> None:
    labels = container_spec.labels(SERVER, RELEASE)
    del labels["ringmaster.protocol"]
    assert container_spec.heartbeat(labels) == replace(RELEASE, protocol="http").heartbeat


def test_what_is_empty_or_0_is_left_to_the_image_or_the_engine() -> None:
    told = container_spec.container_options(SERVER, Release(3, "shop:3"))
    assert {name for name, value in told.items() if value is None} == {
        "command", "entrypoint", "user", "working_dir", "volumes", "stop_signal",
    }  # fmt: skip
    limits = container_spec.host_options(Release(pids=0, memory=""), network="net", init=True)
    assert (limits["pids_limit"], limits["nano_cpus"]) == (None, None)
    assert (limits["mem_limit"], limits["memswap_limit"]) == (None, None)
    assert (limits["binds"], limits["cap_add"], limits["init"]) == (None, None, True)


def test_a_container_is_made_of_the_content_and_not_of_whatever_the_name_means() -> None:
    assert container_spec.container_options(SERVER, Release(3, "shop:3", content="sha256:1"))["image"] == "sha256:1"
    assert container_spec.container_options(SERVER, Release(3, "shop:3"))["image"] == "shop:3"


def test_a_server_at_its_limit_gets_no_swap() -> None:
    limits = container_spec.host_options(Release(), network="net", init=True)
    assert (limits["mem_limit"], limits["memswap_limit"]) == ("512m", "512m")
