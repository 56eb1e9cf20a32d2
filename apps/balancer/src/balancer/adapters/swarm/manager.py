"""A manager of the Swarm: services, tasks and nodes as it has them, in the API's JSON."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from typing import Any

import docker
import requests
from docker.auth import encode_header
from docker.errors import APIError, DockerException, NotFound
from docker.utils import kwargs_from_env

from balancer.adapters.container_spec import INSTANCE, RING_ID
from balancer.adapters.swarm.observed_task import Node, Task, has_ended, is_down, is_removed
from balancer.adapters.swarm.service_spec import NANOSECONDS, Version
from balancer.core.errors import EngineUnavailable

_CALL_TIMEOUT = 30
"""Seconds that one call to the manager may take."""
_LOGS_TIMEOUT = 5
"""Seconds: the manager asks the node for what a server printed."""
_ENDING = 8.0
"""Seconds beside its stop timeout that a container may take to end: Swarm waits 2 s before it sends the signal."""
_POLL = 0.1
_OUT_OF_ORDER = ("does not have a leader", "lost leader status", "DeadlineExceeded")

Service = Mapping[str, Any]


class Manager:
    """DOCKER_HOST gives its address. `labels`: of what is ours. Every method raises what the Docker library raises."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = labels
        self._filters = [*(f"{label}={value}" for label, value in labels.items()), RING_ID]
        self._connection: Any = None

    @property
    def api(self) -> Any:
        """The connection to the manager. It is made at the first call, so that the balancer starts without it."""
        if self._connection is None:
            self._connection = _connection(_CALL_TIMEOUT, "auto")
        return self._connection

    @property
    def version(self) -> Version:
        major, _, minor = self.api.api_version.partition(".")
        return int(major), int(minor)

    def nodes(self) -> dict[str, Node]:
        """By id."""
        return {node["ID"]: node for node in self.api.nodes()}

    def node_name(self, task: Task) -> str:
        """The hostname of the task's node."""
        node = self.nodes().get(task.get("NodeID", ""))
        return str(node["Description"]["Hostname"]) if node else "a node"

    def tasks(self) -> list[Task]:
        """Those of all our services."""
        tasks: list[Task] = self.api.tasks(filters={"label": self._filters})
        return tasks

    def tasks_of(self, service: str) -> list[Task]:
        """None where the service is gone."""
        with suppress(NotFound):
            tasks: list[Task] = self.api.tasks(filters={"service": [service]})
            return tasks
        return []

    def refuse_lost_nodes(self, service: str) -> None:
        """Raises EngineUnavailable where the service's container is to run on a node that is down."""
        nodes = self.nodes()
        for task in self.tasks_of(service):
            if task.get("NodeID") and is_down(nodes.get(task["NodeID"])):
                raise EngineUnavailable(f"{self.node_name(task)} is down: no container starts there")

    def services_of(self, instance: str) -> list[Service]:
        """Our services of the instance: one or none."""
        services: list[Service] = self.api.services(filters={"label": [*self._filters, f"{INSTANCE}={instance}"]})
        return services

    def named(self, name: str) -> Service | None:
        """The service of this name, whoever's it is."""
        beginning_so = self.api.services(filters={"name": [name]})
        return next((each for each in beginning_so if each["Spec"]["Name"].lower() == name.lower()), None)

    def is_ours(self, service: Service) -> bool:
        labels = service["Spec"]["Labels"] or {}
        return self._labels.items() <= labels.items() and RING_ID in labels

    def create(self, arguments: Mapping[str, Any], credentials: Mapping[str, str]) -> str:
        """The id of the new service. Its node pulls with the credentials."""
        with closing(_connection(_CALL_TIMEOUT, self.api.api_version)) as api:
            if credentials:
                api.headers["X-Registry-Auth"] = encode_header(dict(credentials)).decode()
            return str(api.create_service(**arguments)["ID"])

    def remove(self, services: Iterable[Service], *, longest: float) -> None:
        """Removes the services, and waits until their containers have ended, their stop timeouts are over, or
        `longest` seconds are. A node that is down is not waited for."""
        began, waits = time.monotonic(), 0.0
        tasks: list[str] = []
        for service in services:
            with suppress(NotFound):
                if longest:
                    tasks += [task["ID"] for task in self.tasks_of(service["ID"])]
                    waits = max(waits, _stop_timeout(service) + _ENDING)
                self.api.remove_service(service["ID"])
        while tasks and time.monotonic() - began < min(waits, longest) and self._any_is_left(tasks):
            time.sleep(_POLL)

    def logs(self, service: str) -> bytes:
        """The last lines that the service's containers printed. Empty where it is gone, its nodes are down or do not
        answer, or its log driver cannot be read."""
        nodes = self.nodes()
        if all(is_down(nodes.get(task.get("NodeID", ""))) for task in self.tasks_of(service)):
            return b""
        with closing(_connection(_LOGS_TIMEOUT, self.api.api_version)) as api:
            try:
                return b"".join(api.service_logs(service, stdout=True, stderr=True, tail="5", is_tty=False))
            except (DockerException, requests.RequestException):
                return b""

    def _any_is_left(self, tasks: list[str]) -> bool:
        """Whether a task may still run, or Swarm has not yet noted that its service is removed."""
        nodes = self.nodes()
        return any(
            not is_removed(task) or (not has_ended(task) and not is_down(nodes.get(task.get("NodeID", ""))))
            for task in self.api.tasks(filters={"id": tasks})
        )


def is_out_of_order(error: APIError) -> bool:
    """Whether the manager cannot change anything now, as when most managers are gone: it is not about the service."""
    why = str(error.explanation)
    return error.status_code == requests.codes.service_unavailable or any(words in why for words in _OUT_OF_ORDER)


def _connection(timeout: int, version: str) -> Any:
    """A docker.APIClient, whose calls of Swarm have no types."""
    return docker.APIClient(**kwargs_from_env(), version=version, timeout=timeout)


def _stop_timeout(service: Service) -> float:
    """Seconds."""
    period = service["Spec"]["TaskTemplate"]["ContainerSpec"].get("StopGracePeriod", 0)
    return float(period / NANOSECONDS)
