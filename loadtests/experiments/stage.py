"""The deployment that an experiment plays on: set up for it, and afterwards as it was before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from loadtests.running import CannotMeasure, engine, running
from tests.deployment import Deployment
from tests.http_client import Answer
from tests.polling import until
from tests.system import System

_SETTLED_WITHIN = 60.0
"""Seconds for a changed fleet to be whole and warm."""


class Stage:
    """A system whose N and ring experiments may change. Every call raises CannotMeasure where it is refused."""

    def __init__(self, system: System) -> None:
        self.system = system

    def ring(self) -> Mapping[str, Any]:
        """GET /ring."""
        return _ok(self.system.ring(), "GET /ring")

    def servers(self) -> list[Mapping[str, Any]]:
        """Those on the ring, in the order of joining."""
        return [server for server in self.ring()["servers"] if server["state"] == "serving"]

    def resize(self, n: int) -> None:
        """N servers: the latest leave, or new ones join under the lowest free names S1, S2, …"""
        names = [server["hostname"] for server in self.servers()]
        if len(names) > n:
            _ok(self.system.rm(len(names) - n, names[n:]), "DELETE /rm")
        elif len(names) < n:
            free = (name for number in range(1, 2 * n + 1) if (name := f"S{number}") not in names)
            _ok(self.system.add(n - len(names), [next(free) for _ in range(n - len(names))]), "POST /add")
        self._settle(n)

    def switch(self, profile: Mapping[str, Any]) -> None:
        """Another ring profile; what it leaves out is the strategy's usual."""
        _ok(self.system.put_ring(profile), "PUT /ring")
        self._settle(len(self.servers()))

    def restore(self, before: Mapping[str, Any]) -> None:
        """The ring profile, the servers' names and weights that GET /ring told before. Whatever befell the fleet is
        waited for first."""
        self._settle()
        if self.ring()["profile"] != before["profile"]:
            _ok(self.system.put_ring(before["profile"]), "PUT /ring")
        wanted = {server["hostname"]: server["weight"] for server in before["servers"] if _is_wanted(server)}
        present = {server["hostname"] for server in self.ring()["servers"] if _is_wanted(server)}
        changes = [(self.system.rm, sorted(present - wanted.keys()), "DELETE /rm")]
        changes.append((self.system.add, [name for name in wanted if name not in present], "POST /add"))
        # The surplus makes room first, but the last server cannot be removed.
        for change, names, call in changes if present & wanted.keys() else reversed(changes):
            if names:
                _ok(change(len(names), names), call)
        for server in self.servers():
            name = server["hostname"]
            if server["weight"] != wanted[name]:
                _ok(self.system.weigh(name, wanted[name]), f"PATCH /servers/{name}")
        self._settle(len(wanted))

    def _settle(self, n: int | None = None) -> None:
        """Until n servers serve; None: as many as there shall be."""
        try:
            until(lambda: self._is_settled(n), f"{n or 'all'} servers serve and are warm", within=_SETTLED_WITHIN)
        except AssertionError as error:
            raise CannotMeasure(str(error)) from error

    def _is_settled(self, n: int | None) -> bool:
        try:
            ring = self.ring()
        except OSError:  # the balancer has died, and is on its way back
            return False
        on_the_ring = [server for server in ring["servers"] if server["state"] != "spare"]
        is_warm = all(server["state"] == "serving" and server["warmth"] == 1 for server in on_the_ring)
        return ring["in_step"] and is_warm and n in (None, len(on_the_ring)) and self.system.is_ready


@contextmanager
def temporary(**variables: Any) -> Iterator[Stage]:
    """A deployment of its own, which leaves nothing behind. `variables` are Terraform's. Raises CannotMeasure."""
    with engine():
        pass  # it answers: Terraform would tell at length that it does not
    with Deployment(**variables) as deployment:
        yield Stage(deployment)


@contextmanager
def borrowed(url: str, control_url: str, token: str) -> Iterator[Stage]:
    """The deployment that runs here; its ring, servers and weights are as before in the end. A server that was away
    meanwhile has the same name and another ring id. Raises CannotMeasure."""
    system = running(url, control_url, token)
    if not system.settings.explain:
        raise CannotMeasure("the answers do not tell who served them: set the deployment's variable `explain` to true")
    stage = Stage(system)
    try:
        before = stage.ring()
        try:
            yield stage
        finally:
            stage.restore(before)
    finally:
        system.containers.close()


def _is_wanted(server: Mapping[str, Any]) -> bool:
    return server["state"] in ("serving", "down", "joining")


def _ok(answer: Answer, what: str) -> Any:
    if answer.status != HTTPStatus.OK:
        raise CannotMeasure(f"{what} is refused: {answer}")
    return answer.document
