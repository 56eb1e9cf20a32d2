"""The runtime on a Docker Swarm: each server is a service of one container, which Swarm places on a node."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import requests
from docker.errors import APIError, DockerException

from balancer.adapters.container_spec import ServerSpec
from balancer.adapters.engine_errors import engine_errors
from balancer.adapters.engine_stream import EngineStream
from balancer.adapters.own_volumes import refuse_own_volumes
from balancer.adapters.registry_config import RegistryConfig
from balancer.adapters.swarm import service_spec
from balancer.adapters.swarm.manager import Manager, is_out_of_order
from balancer.adapters.swarm.observed_task import RAN, RUNNING, Task, digest, has_ended, observed, present
from balancer.core.errors import ImageMissing, InvalidRequest, NameTaken, StartFailed
from balancer.core.fleet import Server
from balancer.core.observed import Observed
from balancer.core.redaction import without_secrets
from balancer.core.release import Release

_log = logging.getLogger(__name__)

_START_TIMEOUT = 100.0
"""Seconds until a container runs. Its node may have to pull the image first."""
_LOOK_AT_NODES = 1.0
"""Seconds between two looks whether the node of a container that does not run yet is down."""
_KILLING = 5.0
"""Seconds that a kill waits for the end. A hung container takes longer, and nobody can make that shorter."""
_POLL = 0.1
_INIT = "docker-init"
"""The program of the node's init, which not every engine has beside it."""


class SwarmRuntime:
    """A ContainerRuntime over the API of a Swarm's manager, whose address DOCKER_HOST gives. `spec.network`: an overlay
    network. `constraints`: which nodes may run servers, in Swarm's words. `registry`: the credentials with which nodes
    pull an image that they lack.

    Swarm can only ask a container to end and kill it when its stop timeout is over. So a kill of a container that does
    not end takes that long, and 2 s more."""

    def __init__(self, spec: ServerSpec, constraints: tuple[str, ...], registry: RegistryConfig | None = None) -> None:
        self._spec = spec
        self._constraints = constraints
        self._registry = registry or RegistryConfig(None)
        self._manager = Manager(service_spec.owned(spec))
        self._stream = EngineStream()

    def start(self, server: Server, release: Release, *, avoid: Collection[str] = ()) -> None:
        with engine_errors():
            try:
                self._start(server, release, avoid, init=release.init)
            except StartFailed as error:
                if not release.init or _INIT not in str(error):
                    raise
                _log.warning("no init on a node", extra={"server": server.hostname, "reason": str(error)})
                self._start(server, release, avoid, init=False)

    def observe(self) -> dict[str, Observed]:
        return {container.instance: container for container in self.containers()}

    def containers(self) -> list[Observed]:
        """All containers of this deployment's servers. Of those of one instance, the one that is meant is the last:
        others belong to removed services, and end."""
        with engine_errors():
            tasks, nodes = self._manager.tasks(), self._manager.nodes()
        return [observed(task, nodes, self._spec) for task in present(tasks)]

    def stop(self, instance: str) -> None:
        with engine_errors():
            self._manager.remove(self._manager.services_of(instance), longest=float("inf"))

    def kill(self, instance: str, container: str = "") -> None:
        with engine_errors():
            services = self._manager.services_of(instance)
            meant = [service for service in services if container in ("", service["ID"])]
            self._manager.remove(meant, longest=_KILLING)

    def engine_events(self) -> Iterator[str]:
        filters = {"type": ["node", "service"], "scope": ["swarm"]}
        listener = self._stream.listen()
        with engine_errors():
            for event in self._stream.events(self._manager.api, listener, filters):
                yield _words(event)

    def last_output(self, instance: str) -> str:
        with engine_errors():
            output = b"".join(self._manager.logs(service["ID"]) for service in self._manager.services_of(instance))
        return output.decode(errors="replace").strip()

    def _start(self, server: Server, release: Release, avoid: Collection[str], *, init: bool) -> None:
        self._manager.remove(self._manager.services_of(server.instance), longest=0)
        service = self._create(server, release, avoid, init=init)
        try:
            self._wait_until_it_runs(service, server, release)
        except BaseException:
            with suppress(DockerException, requests.RequestException):
                self._manager.remove(self._manager.services_of(server.instance), longest=_KILLING)
            raise

    def _create(self, server: Server, release: Release, avoid: Collection[str], *, init: bool) -> str:
        """The id of the server's service. A leftover service of this deployment with the same name is removed. Raises
        NameTaken, StartFailed."""
        refuse_own_volumes(self._manager.api, server, release)
        if release.content and not release.digest:  # this manager's own engine need not have the image
            release = replace(release, digest=digest(self._manager.tasks(), release.content))
        try:
            arguments = service_spec.service(
                server,
                release,
                self._spec,
                constraints=(*self._constraints, *service_spec.not_on(avoid)),
                api=self._manager.version,
                init=init,
            )
            credentials = self._registry.credentials(release.digest) if release.digest else {}
        except InvalidRequest as error:
            raise StartFailed(f"{server.hostname} cannot be created: {error}") from error
        self._make_way(arguments["name"])
        try:
            return self._manager.create(arguments, credentials)
        except APIError as error:
            if is_out_of_order(error):
                raise
            why = without_secrets(str(error.explanation), release)
            raise StartFailed(f"{server.hostname} cannot be created: {why}") from error

    def _make_way(self, name: str) -> None:
        leftover = self._manager.named(name)
        if leftover is None:
            return
        if not self._manager.is_ours(leftover):
            raise NameTaken(f"a service named {name} exists and is not a server of this deployment")
        self._manager.remove([leftover], longest=0)

    def _wait_until_it_runs(self, service: str, server: Server, release: Release) -> None:
        """Returns when the container runs, or has run. Raises ImageMissing, StartFailed; EngineUnavailable where its
        node is down."""
        deadline = time.monotonic() + _START_TIMEOUT
        looked_at = time.monotonic()
        while time.monotonic() < deadline:
            if time.monotonic() - looked_at >= _LOOK_AT_NODES:
                looked_at = time.monotonic()
                self._manager.refuse_lost_nodes(service)
            if any(self._has_run(task, server, release) for task in self._manager.tasks_of(service)):
                return
            time.sleep(_POLL)
        raise StartFailed(f"{server.hostname} does not run yet after {_START_TIMEOUT:g} s: is its image being pulled?")

    def _has_run(self, task: Task, server: Server, release: Release) -> bool:
        """Whether the task's container runs or has run. Raises ImageMissing, StartFailed where it will not."""
        why = without_secrets(str(task["Status"].get("Err", "")), release)
        if task["Status"]["State"] == RUNNING or (has_ended(task) and (not why or why.startswith(RAN))):
            return True
        if "No such image" in why:
            where = self._manager.node_name(task)
            raise ImageMissing(f"{server.hostname} cannot be created: {release.image_missing} ({where})")
        if has_ended(task):
            raise StartFailed(f"{server.hostname} cannot be started on {self._manager.node_name(task)}: {why}")
        if why:
            told = f"; node_constraints: {', '.join(self._constraints)}" if self._constraints else ""
            raise StartFailed(f"{server.hostname} cannot be started: {why}{told}")
        return False


def _words(event: Mapping[str, Any]) -> str:
    """A few words for an event. The names of services are left out: most are not ours, and no business of a balancer's
    that somebody has taken over."""
    attributes = event["Actor"]["Attributes"]
    state = attributes.get("state.new") or attributes.get("availability.new") or ""
    name = attributes.get("name", "") if event["Type"] == "node" else ""
    return " ".join(word for word in (event["Type"], event["Action"], name, state) if word)
