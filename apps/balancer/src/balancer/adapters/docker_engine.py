"""The runtime on a Docker engine. It turns the engine's JSON into plain records, so that no other module reads it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

import docker
import requests
from docker.errors import APIError, ImageNotFound, NotFound
from docker.utils import kwargs_from_env

from balancer.adapters import container_spec
from balancer.adapters.announced_ends import AnnouncedEnds
from balancer.adapters.container_spec import DEPLOYMENT, INSTANCE, RING_ID, ROLE, ServerSpec
from balancer.adapters.engine_errors import engine_errors
from balancer.adapters.engine_stream import EngineStream
from balancer.adapters.observed_container import observed
from balancer.adapters.own_volumes import refuse_own_volumes
from balancer.adapters.processes import PS, all_stopped
from balancer.core.errors import ImageMissing, NameTaken, StartFailed
from balancer.core.fleet import Server
from balancer.core.observed import Observed
from balancer.core.redaction import without_secrets
from balancer.core.release import Release

_log = logging.getLogger(__name__)

_EVENTS = ("die", "stop", "kill", "oom", "pause", "unpause", "destroy", "start", "disconnect")
_CALL_TIMEOUT = 30
"""Seconds that one call to the engine may take, plus the time that a container may take to stop."""
_STOP_TIMEOUT = 10
"""Seconds: the engine's own, for a container that tells none."""
_INIT = "docker-init"
"""The program of the engine's init, which not every engine has beside it."""


class DockerEngine:
    """A ContainerRuntime and LocalEngine over the Docker API. Containers are named by their instances.
    DOCKER_HOST gives the address of the engine."""

    def __init__(self, spec: ServerSpec) -> None:
        self._spec = spec
        self._labels = {DEPLOYMENT: spec.deployment, ROLE: "server"}
        self._ours = [*(f"{key}={value}" for key, value in self._labels.items()), RING_ID]
        self._announced = AnnouncedEnds(self._ending)
        self._connection: docker.APIClient | None = None
        self._stream = EngineStream()

    def start(self, server: Server, release: Release, *, avoid: Collection[str] = ()) -> None:
        """`avoid` has no effect: one engine is one node."""
        with engine_errors():
            try:
                self._start(server, release, init=release.init)
            except StartFailed as error:
                if not release.init or _INIT not in str(error):
                    raise
                _log.warning("no init on this engine", extra={"server": server.hostname, "reason": str(error)})
                self._start(server, release, init=False)

    def _start(self, server: Server, release: Release, *, init: bool) -> None:
        container = self._spec.name_prefix + server.instance
        self._create(container, server, release, init=init)
        try:
            self._api.start(container)
        except APIError as error:
            self._remove(container)
            why = without_secrets(str(error.explanation), release)
            raise StartFailed(f"{server.hostname} cannot be started: {why}") from error

    def observe(self) -> dict[str, Observed]:
        return {container.instance: container for container in self.containers()}

    def containers(self) -> list[Observed]:
        """All containers of this deployment's servers. Somebody may have given several of them one instance."""
        with engine_errors():
            return self._listed(self._ours)

    def rename(self, instance: str, name: str) -> None:
        with engine_errors(), suppress(NotFound):
            for container, present in self._containers_of(instance).items():
                if present == name:  # the engine would refuse this as a bad request
                    continue
                try:
                    self._api.rename(container, self._spec.name_prefix + name)
                except APIError as error:
                    if error.status_code != requests.codes.conflict:
                        raise

    def stop(self, instance: str) -> None:
        with engine_errors():
            for container in self._containers_of(instance):
                with suppress(NotFound):
                    self._api.stop(container, timeout=self._ending(container)[1])
                self._remove(container)

    def kill(self, instance: str, container: str = "") -> None:
        with engine_errors():
            for present in self._containers_of(instance):
                if container in ("", present):
                    self._remove(present)

    def is_stopped(self, instance: str) -> bool:
        with engine_errors():
            for container in self._containers_of(instance):
                try:
                    first = self._api.inspect_container(container)["State"]["Pid"]
                    processes = self._api.top(container, ps_args=PS)["Processes"]
                    return all_stopped(processes or (), first=str(first))
                except APIError:  # the container has just ended, or the engine's host has no such ps
                    return False
        return False

    def engine_events(self) -> Iterator[str]:
        filters = {"type": ["container", "network"], "event": list(_EVENTS)}
        listener = self._stream.listen()
        self._announced.forget()
        with engine_errors():
            for event in self._stream.events(self._api, listener, filters):
                attributes = event["Actor"]["Attributes"]
                if self._spec.deployment == attributes.get(DEPLOYMENT) or self._is_our_network(event):
                    self._announced.note(event)
                    yield f"{event['Action']} {attributes.get('name', '')}"

    def last_output(self, instance: str) -> str:
        output = b""
        with engine_errors():
            for container in self._containers_of(instance):
                with suppress(APIError):  # the container is gone, or its log driver cannot be read
                    output += self._api.logs(container, tail=5)
        return output.decode(errors="replace").strip()

    def _ending(self, container: str) -> tuple[str, int]:
        """The signal that `docker stop` sends to the container, by name or number, and the seconds that it waits after
        it. No signal where the container is gone."""
        with suppress(NotFound):
            config = self._api.inspect_container(container)["Config"]
            seconds = config.get("StopTimeout")
            return config.get("StopSignal") or "SIGTERM", _STOP_TIMEOUT if seconds is None else seconds
        return "", 0

    def _is_our_network(self, event: Mapping[str, Any]) -> bool:
        """Whether an event is about the network of the servers. The events of networks carry no labels."""
        return bool(event["Type"] == "network" and event["Actor"]["Attributes"].get("name") == self._spec.network)

    @property
    def _api(self) -> docker.APIClient:
        """The connection to the engine. It is made at the first call, so that the balancer starts without an engine."""
        if self._connection is None:
            self._connection = docker.APIClient(**kwargs_from_env(), version="auto", timeout=_CALL_TIMEOUT)
        return self._connection

    def _containers_of(self, instance: str) -> dict[str, str]:
        """Container id → container name, for the containers of the instance: one or none. A container of version 1 has
        no label with its instance, and is looked for among all."""
        for labels in ([*self._ours, f"{INSTANCE}={instance}"], self._ours):
            containers = self._listed(labels)
            if found := {each.id: each.container_name for each in containers if each.instance == instance}:
                return found
        return {}

    def _create(self, container: str, server: Server, release: Release, *, init: bool) -> None:
        """Creates the container. A leftover container of this deployment with the same name is removed. Raises
        NameTaken, StartFailed."""
        refuse_own_volumes(self._api, server, release)
        made_way = False
        while True:
            try:
                self._api.create_container(**self._arguments(container, server, release, init=init))
            except ImageNotFound as error:
                raise ImageMissing(f"{server.hostname} cannot be created: {release.image_missing}") from error
            except APIError as error:
                if error.status_code == requests.codes.conflict and not made_way:
                    made_way = True
                    self._make_way(container)
                else:
                    why = without_secrets(str(error.explanation), release)
                    raise StartFailed(f"{server.hostname} cannot be created: {why}") from error
            else:
                return

    def _make_way(self, container: str) -> None:
        try:
            present = self._api.inspect_container(container)
        except NotFound:
            return
        labels = present["Config"]["Labels"] or {}
        if not (self._labels.items() <= labels.items() and RING_ID in labels):
            raise NameTaken(f"a container named {container} exists and is not a server of this deployment")
        if self._announced.is_ending(present["Id"], present["State"]["Status"]):
            raise NameTaken(f"{container} has been stopped and is still ending; try again in a moment")
        self._remove(container)

    def _arguments(self, container: str, server: Server, release: Release, *, init: bool) -> dict[str, Any]:
        network = self._spec.network
        endpoint = self._api.create_endpoint_config(aliases=[server.hostname])
        return {
            "name": container,
            "labels": container_spec.labels(server, release) | self._labels,
            "host_config": self._api.create_host_config(
                **container_spec.host_options(release, network=network, init=init)
            ),
            "networking_config": {"EndpointsConfig": {network: endpoint}},
            **container_spec.container_options(server, release),
        }

    def _remove(self, container: str) -> None:
        try:
            self._api.remove_container(container, force=True, v=True)
        except NotFound:
            return
        except APIError as error:
            if error.status_code != requests.codes.conflict:  # another process is removing the container already
                raise

    def _listed(self, labels: list[str]) -> list[Observed]:
        """Every container with these labels. One without a name is gone: the engine takes the name as the last thing,
        and may go on listing what it has removed until it starts again (moby 38835)."""
        found = self._api.containers(all=True, filters={"label": labels})
        return [observed(container, self._spec, self._announced) for container in found if container["Names"]]
