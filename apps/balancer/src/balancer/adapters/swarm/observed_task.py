"""A server's task as Swarm lists it, and as the balancer knows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from balancer.adapters import container_spec
from balancer.adapters.container_spec import FINGERPRINT, GENERATION, INSTANCE, PORT, RELEASE, RING_ID, ServerSpec
from balancer.adapters.swarm.service_spec import CONTENT
from balancer.core.observed import Observed

RAN = "task: "
"""Begins Swarm's words for a container that has run and ended."""
_HARMLESS = (RAN, "no suitable node")

Task = Mapping[str, Any]
Node = Mapping[str, Any]

RUNNING = "running"
ON_ITS_WAY = ("new", "allocated", "pending", "assigned", "accepted", "preparing", "ready", "starting")
"""The states of a task whose container does not run yet."""
_ENDED = ("complete", "shutdown", "failed", "rejected", "orphaned")
"""The states of a task whose container does not run any more, or never will."""
_REMOVED = "remove"
"""The desired state of a task whose service is removed."""


def has_ended(task: Task) -> bool:
    return task["Status"]["State"] in _ENDED


def is_removed(task: Task) -> bool:
    """Whether the task's service is removed. Swarm forgets the task when its container has ended."""
    return bool(task["DesiredState"] == _REMOVED)


def present(tasks: Iterable[Task]) -> list[Task]:
    """The tasks that stand for containers, those of removed services first. A task is none where its service is removed
    and its container has ended or never began, or where its service has a newer one."""
    left = [task for task in tasks if not (is_removed(task) and (has_ended(task) or not task.get("NodeID")))]
    left.sort(key=lambda task: (not is_removed(task), task["CreatedAt"]))
    newest = {task["ServiceID"]: task["ID"] for task in left}
    return [task for task in left if not has_ended(task) or newest[task["ServiceID"]] == task["ID"]]


def digest(tasks: Iterable[Task], content: str) -> str:
    """The digest by which a task's node pulled the image of this content; empty where no task tells one."""
    containers = (task["Spec"]["ContainerSpec"] for task in tasks)
    told = (str(each["Image"]) for each in containers if each["Labels"].get(CONTENT) == content)
    return next((image for image in told if "@" in image), "")


def is_down(node: Node | None) -> bool:
    """Whether nothing is known of the node's containers. None: the node is no longer in the swarm. Where the managers
    have just changed, all nodes are in the state "unknown", and run on."""
    return node is None or node["Status"]["State"] == "down"


def observed(task: Task, nodes: Mapping[str, Node], spec: ServerSpec) -> Observed:
    """What Swarm's JSON of a task says. `nodes`: by id. The container is called by the id of its service."""
    container, status = task["Spec"]["ContainerSpec"], task["Status"]
    labels = container["Labels"]
    node = nodes.get(task.get("NodeID", ""))
    is_lost = bool(task.get("NodeID")) and is_down(node)
    running = status["State"] == RUNNING and not is_lost
    address = _address(task, spec.network) if running else ""
    return Observed(
        instance=labels[INSTANCE],
        ring_id=int(labels[RING_ID]),
        running=running,
        address=f"{address}:{labels.get(PORT, spec.port)}" if address else "",
        status=_lost(node) if is_lost and not has_ended(task) else _status(status),
        release=int(labels.get(RELEASE, 1)),
        ending=is_removed(task) or (running and task["DesiredState"] != RUNNING),
        id=task["ServiceID"],
        image=labels.get(CONTENT) or container["Image"],
        generation=int(labels.get(GENERATION, 1)),
        heartbeat=container_spec.heartbeat(labels),
        fingerprint=labels.get(FINGERPRINT, ""),
        node=node["Description"]["Hostname"] if node else "",
    )


def _status(status: Mapping[str, Any]) -> str:
    """The state, and Swarm's words for what went wrong, where they quote nothing of the release: it may be secret."""
    why = str(status.get("Err", ""))
    return f"{status['State']}: {why}" if why.startswith(_HARMLESS) else str(status["State"])


def _lost(node: Node | None) -> str:
    return f"its node {node['Description']['Hostname']} is down" if node else "its node has left the swarm"


def _address(task: Task, network: str) -> str:
    """The task's IP address in the network; empty where it has none."""
    for attachment in task.get("NetworksAttachments") or ():
        if attachment["Network"]["Spec"]["Name"] == network and attachment.get("Addresses"):
            return str(attachment["Addresses"][0]).partition("/")[0]
    return ""
