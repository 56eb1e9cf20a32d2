"""What Swarm says of a task and its node, as the balancer knows a container."""

from __future__ import annotations

from typing import Any

import pytest

from balancer.adapters import container_spec
from balancer.adapters.container_spec import ServerSpec
from balancer.adapters.swarm.observed_task import digest, observed, present
from balancer.core.fleet import Server
from balancer.core.lifecycle import State
from balancer.core.observed import Observed
from balancer.core.release import Release

SPEC = ServerSpec(deployment="shop", name_prefix="shop-", network="shop-net", port=5000)
SERVER = Server("S1", 4, State.JOINING, release=3, rolled=True, generation=7)
RELEASE = Release(3, port=8080)


def see(
    *, state: str = "running", desired: str = "running", error: str = "", node: str = "ready", network: str = "shop-net"
) -> Observed:
    """`node`: its state; "gone" where the swarm has no such node, and "" for a task that has none yet."""
    labels = container_spec.labels(SERVER, RELEASE)
    task: dict[str, Any] = {
        "ID": "t1",
        "ServiceID": "s1",
        "NodeID": "n1" if node else "",
        "DesiredState": desired,
        "Status": {"State": state, **({"Err": error} if error else {})},
        "Spec": {"ContainerSpec": {"Image": "sha256:1", "Labels": labels}},
        "NetworksAttachments": [{"Network": {"Spec": {"Name": network}}, "Addresses": ["10.78.1.3/24"]}],
    }
    nodes = {"n1": {"Status": {"State": node}, "Description": {"Hostname": "node1"}}}
    return observed(task, {} if node == "gone" else nodes, SPEC)


def test_a_running_task_is_a_running_container() -> None:
    assert see() == Observed(
        "S1.7",
        4,
        running=True,
        address="10.78.1.3:8080",
        status="running",
        release=3,
        id="s1",
        image="sha256:1",
        generation=7,
        heartbeat=RELEASE.heartbeat,
        fingerprint=RELEASE.fingerprint,
        node="node1",
    )


@pytest.mark.parametrize("state", ["new", "pending", "assigned", "preparing", "starting"])
def test_a_task_on_its_way_does_not_run_yet(state: str) -> None:
    seen = see(state=state)
    assert (seen.running, seen.address, seen.status, seen.ending) == (False, "", state, False)


def test_a_task_without_a_node_waits_for_one() -> None:
    seen = see(state="pending", node="", error="no suitable node")
    assert (seen.node, seen.running, seen.status) == ("", False, "pending: no suitable node")


def test_a_dead_task_tells_why_and_where_it_was() -> None:
    seen = see(state="failed", desired="shutdown", error="task: non-zero exit (137)")
    assert (seen.running, seen.address, seen.ending) == (False, "", False)
    assert (seen.status, seen.node) == ("failed: task: non-zero exit (137)", "node1")


@pytest.mark.parametrize("desired", ["shutdown", "remove"])
def test_a_task_that_is_to_end_is_ending_while_it_runs(desired: str) -> None:
    seen = see(desired=desired)
    assert (seen.running, seen.ending, seen.address) == (True, True, "10.78.1.3:8080")


@pytest.mark.parametrize("node", ["unknown", "disconnected"])
def test_a_task_runs_on_where_the_managers_have_changed(node: str) -> None:
    assert see(node=node).running


@pytest.mark.parametrize(
    ("node", "status", "name"),
    [("down", "its node node1 is down", "node1"), ("gone", "its node has left the swarm", "")],
)
def test_a_task_of_a_lost_node_does_not_run_and_counts_as_ending_once_it_is_removed(
    node: str, status: str, name: str
) -> None:
    seen = see(node=node, desired="shutdown")
    assert (seen.running, seen.address, seen.status, seen.ending, seen.node) == (False, "", status, False, name)
    removed = see(node=node, desired="remove")
    assert (removed.running, removed.ending) == (False, True)


def test_a_death_before_the_node_was_lost_is_told_as_it_was() -> None:
    assert see(node="down", state="failed", error="task: non-zero exit (1)").status == "failed: task: non-zero exit (1)"


def test_what_may_quote_the_release_is_not_told() -> None:
    quoted = "starting container failed: unknown log opt 'token' for json-file log driver: hunter2"
    assert see(state="failed", error=quoted).status == "failed"


def test_a_task_off_the_servers_network_runs_without_an_address() -> None:
    seen = see(network="another")
    assert (seen.running, seen.address) == (True, "")


def task(task: str, service: str, *, state: str = "running", desired: str = "running", at: str = "1") -> dict[str, Any]:
    return {
        "ID": task,
        "ServiceID": service,
        "NodeID": "" if state == "pending" else "n1",
        "CreatedAt": at,
        "DesiredState": desired,
        "Status": {"State": state},
    }


def left(*tasks: dict[str, Any]) -> list[str]:
    return [each["ID"] for each in present(tasks)]


def test_a_removed_task_stands_for_a_container_until_it_has_ended() -> None:
    assert left(task("t", "s", desired="remove")) == ["t"]
    assert left(task("t", "s", desired="remove", state="shutdown")) == []


def test_a_removed_task_that_waited_for_a_node_stands_for_nothing() -> None:
    assert left(task("t", "s", state="pending")) == ["t"]
    assert left(task("t", "s", state="pending", desired="remove")) == []


def test_a_dead_task_stands_for_its_container_while_it_is_the_newest_of_its_service() -> None:
    dead = task("old", "s", state="failed", desired="shutdown", at="1")
    assert left(dead) == ["old"]
    assert left(task("new", "s", at="2"), dead) == ["new"]


def test_the_task_that_is_meant_comes_after_one_of_a_removed_service() -> None:
    assert left(task("second", "s2", at="1"), task("first", "s1", desired="remove", at="2")) == ["first", "second"]


def test_a_digest_is_known_from_a_server_of_the_same_content() -> None:
    def made_of(image: str, content: str) -> dict[str, Any]:
        return {"Spec": {"ContainerSpec": {"Image": image, "Labels": {"ringmaster.content": content}}}}

    tasks = [
        made_of("sha256:1", "sha256:1"),
        made_of("r/shop@sha256:d", "sha256:1"),
        made_of("r/x@sha256:e", "sha256:2"),
    ]
    assert digest(tasks, "sha256:1") == "r/shop@sha256:d"
    assert digest(tasks, "sha256:3") == ""
