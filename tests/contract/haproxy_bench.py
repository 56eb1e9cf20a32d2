"""HaproxyEdge on the bench: the edge's own image in a container, its folder shared with this process."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from docker.models.containers import Container

from balancer.adapters.haproxy.edge import HaproxyEdge
from balancer.adapters.haproxy.traffic import HaproxyTraffic
from balancer.core.errors import PlaneUnavailable
from balancer.core.routes import Backend, Routes
from tests.containers import remove
from tests.contract.lab import PORT, Lab
from tests.contract.plane_bench import NO_HEADERS, NOTHING, answering, held, wait_for
from tests.edge_options import OPTIONS
from tests.polling import until

UID = 10001 if os.geteuid() == 0 else os.geteuid()
"""Who runs HAProxy: its sockets are for its own user and for root only."""


class HaproxyBench:
    """A PlaneBench, beside what only HAProxy has."""

    def __init__(self, lab: Lab, folder: Path, servers: tuple[Backend, ...], mounts: tuple[str, ...] = ()) -> None:
        self.servers = servers
        self._mounts = mounts
        self.profile = replace(OPTIONS, directory=folder)
        self.plane = HaproxyEdge(self.profile)
        self.traffic = HaproxyTraffic(folder)
        self._lab = lab

    def __enter__(self) -> Self:
        self.container = edge_container(self._lab, self.profile.directory, self._mounts)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        remove(self.container)

    def reset(self) -> None:
        self.plane = self.other()
        self.traffic = HaproxyTraffic(self.profile.directory)
        self.obey(self.plane, NOTHING)

    def obey(self, plane: HaproxyEdge, routes: Routes) -> None:
        """As the reconciler does it: tells it until it is so."""
        until(lambda: _tell(plane, routes), "the edge obeys the routes", within=10)

    def change(self, **changes: Any) -> None:
        """The plane of a balancer with other settings, until the next reset."""
        self.plane = self.other(**changes)
        self.obey(self.plane, NOTHING)

    def other(self, **changes: Any) -> HaproxyEdge:
        """The plane of a balancer that has another profile."""
        return HaproxyEdge(replace(self.profile, **changes))

    @property
    def host(self) -> str:
        return self._lab.address(self.container)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{PORT}"

    def answers(self, count: int, headers: Mapping[str, str] = NO_HEADERS) -> list[str]:
        url = self.url
        return [answering(url, headers) for _ in range(count)]

    def wait_for(self, seconds: float, requests: int) -> float:
        return wait_for(self.url, seconds, requests)

    def held(self, *names: str, headers: Mapping[str, str] = NO_HEADERS, nth: int = 1) -> AbstractContextManager[None]:
        return held(self.url, self.plane, *names, headers=headers, nth=nth)

    @contextmanager
    def away(self) -> Iterator[None]:
        self.container.stop(timeout=10)
        try:
            yield
        finally:
            self.container.start()
            self.wait_until_it_listens()

    def wait_until_it_listens(self) -> None:
        wait_until_it_listens(self._lab, self.container)


def edge_container(lab: Lab, folder: Path, mounts: tuple[str, ...] = ()) -> Container:
    """The edge as Terraform runs it, with further mounts. The folder has the same path inside and outside, because the
    configuration names it, and the path that the image knows."""
    os.chown(folder, UID, -1)
    return lab.run(
        f"edge-{folder.name}",
        lab.edge_image,
        user=f"{UID}:{UID}",
        volumes=[f"{folder}:/run/ringmaster", f"{folder}:{folder}", *mounts],
        read_only=True,
        tmpfs={"/tmp": "size=16m,mode=1777"},  # noqa: S108 (a path in the container)
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
    )


def wait_until_it_listens(lab: Lab, container: Container) -> None:
    until(lambda: _listens(lab.address(container)), f"{container.name} listens", within=10, pause=0.005)


def _tell(plane: HaproxyEdge, routes: Routes) -> bool:
    try:
        if plane.in_step(routes):
            return True
        plane.apply(routes)
    except PlaneUnavailable:
        return False
    return plane.in_step(routes)


def _listens(address: str) -> bool:
    try:
        socket.create_connection((address, PORT), timeout=1).close()
    except OSError:
        return False
    return True
