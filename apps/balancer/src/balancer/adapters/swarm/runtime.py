"""The runtime on a Docker Swarm: each server is a service of one container, which Swarm places on a node."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, NotFound
from docker.utils import kwargs_from_env

from balancer.adapters.container_spec import INSTANCE, RING_ID, ServerSpec
from balancer.adapters.engine_errors import engine_errors
from balancer.adapters.engine_stream import EngineStream
from balancer.adapters.own_volumes import refuse_own_volumes
from balancer.adapters.swarm import service_spec
from balancer.adapters.swarm.observed_task import RUNNING, Node, Task, has_ended, is_down, is_removed, observed
from balancer.core.errors import ImageMissing, InvalidRequest, NameTaken, StartFailed
from balancer.core.fleet import Server
from balancer.core.observed import Observed
from balancer.core.redaction import without_secrets
from balancer.core.release import Release

_log = logging.getLogger(__name__)

_CALL_TIMEOUT = 30
"""Seconds that one call to the manager may take."""
_LOGS_TIMEOUT = 5
"""Seconds: the manager asks the node for what a server printed."""
_START_TIMEOUT = 100.0
"""Seconds until a container runs. Its node may have to pull the image first."""
_ENDING = 8.0
"""Seconds beside its stop timeout that a container may take to end: Swarm waits 2 s before it sends the signal."""
_KILLING = 5.0
"""Seconds that a kill waits for the end. A hung container takes longer, and nobody can make that shorter."""
_POLL = 0.1
_INIT = "docker-init"
"""The program of the node's init, which not every engine has beside it."""
_RAN = "task: "
"""Begins Swarm's words for a container that has run and ended."""


class SwarmRuntime:
    """A ContainerRuntime over the API of a Swarm's manager, whose address DOCKER_HOST gives. `spec.network`: an overlay
    network. `constraints`: which nodes may run servers, in Swarm's words.

    Swarm can only ask a container to end and kill it when its stop timeout is over. So a kill of a container that does
    not end takes that long, and 2 s more."""

    def __init__(self, spec: ServerSpec, constraints: tuple[str, ...]) -> None:
        self._spec = spec
        self._constraints = constraints
        self._labels = [*(f"{label}={value}" for label, value in service_spec.owned(spec).items()), RING_ID]
        self._stream = EngineStream()
        self._connection: docker.APIClient | None = None

    def start(self, server: Server, release: Release) -> None:
        with engine_errors():
            try:
                self._start(server, release, init=release.init)
            except StartFailed as error:
                if not release.init or _INIT not in str(error):
                    raise
                _log.warning("no init on a node", extra={"server": server.hostname, "reason": str(error)})
                self._start(server, release, init=False)

    def observe(self) -> dict[str, Observed]:
        return {container.instance: container for container in self.containers()}

    def containers(self) -> list[Observed]:
        """All containers of this deployment's servers. Of those of one instance, the one that is meant is the last:
        others belong to removed services, and end."""
        with engine_errors():
            tasks = self._api.tasks(filters={"label": self._labels})
            nodes = self._nodes()
        return [observed(task, nodes, self._spec) for task in _present(tasks)]

    def stop(self, instance: str) -> None:
        with engine_errors():
            self._remove(self._services_of(instance), longest=float("inf"))

    def kill(self, instance: str, container: str = "") -> None:
        with engine_errors():
            services = [service for service in self._services_of(instance) if container in ("", service["ID"])]
            self._remove(services, longest=_KILLING)

    def engine_events(self) -> Iterator[str]:
        filters = {"type": ["node", "service"], "scope": ["swarm"]}
        listener = self._stream.listen()
        with engine_errors():
            for event in self._stream.events(self._api, listener, filters):
                attributes = event["Actor"]["Attributes"]
                state = attributes.get("state.new") or attributes.get("availability.new") or ""
                yield f"{event['Type']} {event['Action']} {attributes.get('name', '')} {state}".strip()

    def last_output(self, instance: str) -> str:
        output = b""
        with engine_errors():
            nodes = self._nodes()
            for service in self._services_of(instance):
                if any(not is_down(nodes.get(task.get("NodeID", ""))) for task in self._tasks_of(service["ID"])):
                    output += self._logs(service["ID"])
        return output.decode(errors="replace").strip()

    def _start(self, server: Server, release: Release, *, init: bool) -> None:
        self._remove(self._services_of(server.instance), longest=0)
        service = self._create(server, release, init=init)
        try:
            self._wait_until_it_runs(service, server, release)
        except BaseException:
            with suppress(DockerException, requests.RequestException):
                self._remove([{"ID": service}], longest=0)
            raise

    def _create(self, server: Server, release: Release, *, init: bool) -> str:
        """The id of the server's service. A leftover service of this deployment with the same name is removed. Raises
        NameTaken, StartFailed."""
        refuse_own_volumes(self._api, server, release)
        try:
            arguments = service_spec.service(
                server, release, self._spec, constraints=self._constraints, api=self._version, init=init
            )
        except InvalidRequest as error:
            raise StartFailed(f"{server.hostname} cannot be created: {error}") from error
        self._make_way(arguments["name"])
        try:
            return str(self._api.create_service(**arguments)["ID"])
        except APIError as error:
            if _is_out_of_order(error):
                raise
            why = without_secrets(str(error.explanation), release)
            raise StartFailed(f"{server.hostname} cannot be created: {why}") from error

    def _make_way(self, name: str) -> None:
        """Removes a service of this name. Raises NameTaken where it is not a server of this deployment."""
        ours = service_spec.owned(self._spec).items()
        for present in self._api.services(filters={"name": [name]}):  # and others whose names begin so
            labels = present["Spec"]["Labels"] or {}
            if present["Spec"]["Name"].lower() != name.lower():
                continue
            if not (ours <= labels.items() and RING_ID in labels):
                raise NameTaken(f"a service named {name} exists and is not a server of this deployment")
            self._remove([present], longest=0)

    def _wait_until_it_runs(self, service: str, server: Server, release: Release) -> None:
        """Returns when the container runs, or has run. Raises ImageMissing, StartFailed."""
        deadline = time.monotonic() + _START_TIMEOUT
        status: Mapping[str, Any] = {"State": "new"}
        while time.monotonic() < deadline:
            for task in self._tasks_of(service):
                status = task["Status"]
                why = without_secrets(str(status.get("Err", "")), release)
                if status["State"] == RUNNING or (has_ended(task) and (not why or why.startswith(_RAN))):
                    return
                if "No such image" in why:
                    where = self._hostname(task)
                    raise ImageMissing(f"{server.hostname} cannot be created: {release.image_missing} of {where}")
                if has_ended(task):
                    raise StartFailed(f"{server.hostname} cannot be started on {self._hostname(task)}: {why}")
                if why:
                    raise StartFailed(f"{server.hostname} cannot be started: {why}{self._constraints_told}")
            time.sleep(_POLL)
        raise StartFailed(f"{server.hostname} is still {status['State']} after {_START_TIMEOUT:g} s")

    @property
    def _constraints_told(self) -> str:
        return f"; node_constraints: {', '.join(self._constraints)}" if self._constraints else ""

    def _remove(self, services: Iterable[Mapping[str, Any]], *, longest: float) -> None:
        """Removes the services, and waits until their containers have ended, their stop timeouts are over, or
        `longest` seconds are. A node that is down is not waited for."""
        began, waits = time.monotonic(), 0.0
        tasks: list[str] = []
        for service in services:
            with suppress(NotFound):
                tasks += [task["ID"] for task in self._tasks_of(service["ID"])] if longest else []
                self._api.remove_service(service["ID"])
                waits = max(waits, _stop_timeout(service) + _ENDING if longest else 0)
        while tasks and time.monotonic() - began < min(waits, longest) and self._any_runs(tasks):
            time.sleep(_POLL)

    def _any_runs(self, tasks: list[str]) -> bool:
        nodes = self._nodes()
        return any(
            not has_ended(task) and not is_down(nodes.get(task.get("NodeID", "")))
            for task in self._api.tasks(filters={"id": tasks})
        )

    def _services_of(self, instance: str) -> list[dict[str, Any]]:
        """One or none."""
        labels = [*self._labels, f"{INSTANCE}={instance}"]
        services: list[dict[str, Any]] = self._api.services(filters={"label": labels})
        return services

    def _tasks_of(self, service: str) -> list[Task]:
        """None where the service is gone."""
        with suppress(NotFound):
            tasks: list[Task] = self._api.tasks(filters={"service": [service]})
            return tasks
        return []

    def _nodes(self) -> dict[str, Node]:
        """By id."""
        return {node["ID"]: node for node in self._api.nodes()}

    def _hostname(self, task: Task) -> str:
        """Of the task's node."""
        node = self._nodes().get(task.get("NodeID", ""))
        return str(node["Description"]["Hostname"]) if node else "a node"

    def _logs(self, service: str) -> bytes:
        """Empty where the service is gone, its node does not answer, or its log driver cannot be read."""
        api = docker.APIClient(**kwargs_from_env(), version=self._api.api_version, timeout=_LOGS_TIMEOUT)
        try:
            return b"".join(api.service_logs(service, stdout=True, stderr=True, tail="5", is_tty=False))
        except (DockerException, requests.RequestException):
            return b""
        finally:
            api.close()

    @property
    def _version(self) -> service_spec.Version:
        major, _, minor = self._api.api_version.partition(".")
        return int(major), int(minor)

    @property
    def _api(self) -> Any:
        """The connection to the manager: a docker.APIClient, whose calls of Swarm have no types. It is made at the
        first call, so that the balancer starts without it."""
        if self._connection is None:
            self._connection = docker.APIClient(**kwargs_from_env(), version="auto", timeout=_CALL_TIMEOUT)
        return self._connection


def _present(tasks: Iterable[Task]) -> list[Task]:
    """The tasks that stand for containers, those of removed services first. A task is none where its service is removed
    and its container has ended, or where its service has a newer one."""
    present = [task for task in tasks if not (is_removed(task) and has_ended(task))]
    present.sort(key=lambda task: (not is_removed(task), task["CreatedAt"]))
    newest = {task["ServiceID"]: task["ID"] for task in present}
    return [task for task in present if not has_ended(task) or newest[task["ServiceID"]] == task["ID"]]


def _stop_timeout(service: Mapping[str, Any]) -> float:
    """Seconds."""
    period = service["Spec"]["TaskTemplate"]["ContainerSpec"].get("StopGracePeriod", 0)
    return float(period / service_spec.NANOSECONDS)


def _is_out_of_order(error: APIError) -> bool:
    """Whether the manager cannot change anything now, as when most managers are gone: it is not about the service."""
    why = str(error.explanation)
    return error.status_code == requests.codes.service_unavailable or "DeadlineExceeded" in why or "leader" in why
