"""What Swarm itself knows of a deployment: where its services run, and what there is of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import docker

from tests.containers import DEPLOYMENT
from tests.swarm import names


def nodes_of(manager: docker.DockerClient, service: str) -> set[str]:
    """The living nodes that run a task of this service. A task that Swarm is about to end does not count: when a node
    is back that was away, its tasks are ended, and made anew where the service is global."""
    ready = {
        node["ID"]: node["Description"]["Hostname"]
        for node in manager.api.nodes()
        if node["Status"]["State"] == "ready"
    }
    tasks = manager.api.tasks(filters={"service": service, "desired-state": "running"})
    return {ready[task["NodeID"]] for task in tasks if task["Status"]["State"] == "running" and task["NodeID"] in ready}


def set_availability(manager: docker.DockerClient, node: str, availability: str) -> None:
    """As `docker node update --availability`: active, pause or drain."""
    (found,) = [each for each in manager.nodes.list() if each.attrs["Description"]["Hostname"] == node]
    found.update({**found.attrs["Spec"], "Availability": availability})


def secrets(manager: docker.DockerClient, role: str) -> set[str]:
    """The names of the secrets that the services of this role are given."""
    return {
        secret["Spec"]["Name"]
        for secret in manager.api.secrets()
        if (secret["Spec"].get("Labels") or {}).get("ringmaster.role") == role
    }


def belongings(manager: docker.DockerClient) -> dict[str, list[str]]:
    """kind → names of all services, networks, configs and secrets of the deployment; empty after a destroy."""
    api = manager.api
    found = {
        "services": _ours(service["Spec"] for service in api.services()),
        "networks": _ours(api.networks()),
        "configs": _ours(config["Spec"] for config in api.configs()),
        "secrets": _ours(secret["Spec"] for secret in api.secrets()),
    }
    return {kind: told for kind, told in found.items() if told}


def _ours(documents: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of those that carry the deployment's label, or a name of it."""
    return sorted(
        document["Name"]
        for document in documents
        if (document.get("Labels") or {}).get(DEPLOYMENT) == names.DEPLOYMENT or document["Name"].startswith(names.OURS)
    )
