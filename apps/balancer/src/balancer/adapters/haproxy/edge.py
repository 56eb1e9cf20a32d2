"""The HAProxy data plane: files for its next start, the Runtime API for the running one."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from balancer.adapters.file_store import replace_file
from balancer.adapters.haproxy.config import DIGEST_KEY, SERVER_OPTIONS, ConfigRenderer, EdgeProfile, slots_map
from balancer.adapters.haproxy.runtime_api import RuntimeApi
from balancer.core.errors import PlaneUnavailable
from balancer.core.routes import Backend, Routes

_PAYLOAD = 8192
"""Bytes of one `add map` command, well under HAProxy's buffer of 16384."""

_VALUE = re.compile(r'value="([^"]*)"')
_STILL_BUSY = "Server still has connections attached to it"


class HaproxyEdge:
    """A DataPlane over the edge container, with which it shares the profile's directory."""

    def __init__(self, profile: EdgeProfile) -> None:
        self._directory = profile.directory
        self._map = profile.directory / "slots.map"
        self._renderer = ConfigRenderer(profile)
        self._runtime = RuntimeApi(profile.directory / "runtime.sock")
        self._master = RuntimeApi(profile.directory / "master.sock")

    def apply(self, routes: Routes) -> None:
        self._write(routes)
        if not self._has_this_profile():
            self._master.do("reload", expect="Success=1")
        present = self._servers()
        self._add(routes, present)
        if self._map_digest() != routes.digest:
            self._swap(routes)
        self._retire(routes, present)

    def in_step(self, routes: Routes) -> bool:
        """Both halves: what the running edge obeys, and what it would obey after its next start."""
        if not self._is_written(routes):
            return False
        present = self._servers()
        serving = {backend.name: backend.address for backend in routes.backends if not backend.draining}
        draining = {backend.name for backend in routes.backends if backend.draining}
        return (
            self._map_digest() == routes.digest
            and self._has_this_profile()
            and serving == {name: address for name, address in present.items() if name not in draining}
        )

    def in_flight(self, name: str) -> int:
        for row in self._statistics():
            if row["svname"] == name:
                return int(row["scur"] or 0) + int(row["qcur"] or 0)
        return 0

    def _write(self, routes: Routes) -> None:
        try:
            replace_file(self._map, (slots_map(routes) + "\n").encode())
            replace_file(self._directory / "haproxy.cfg", self._renderer.render(routes).encode())
        except OSError as error:
            raise PlaneUnavailable(f"the edge's files cannot be written: {error}") from error

    def _is_written(self, routes: Routes) -> bool:
        try:
            rendered = (self._directory / "haproxy.cfg").read_text() == self._renderer.render(routes)
            with self._map.open() as file:
                return rendered and file.readline() == f"{DIGEST_KEY} {routes.digest}\n"
        except FileNotFoundError:
            return False
        except OSError as error:
            raise PlaneUnavailable(f"the edge's files cannot be read: {error}") from error

    def _has_this_profile(self) -> bool:
        return f"description: {self._renderer.digest}" in self._runtime.ask("show info").splitlines()

    def _map_digest(self) -> str:
        """The digest of the routes that the running edge obeys; empty where its map has none."""
        found = _VALUE.search(self._runtime.ask(f"get map {self._map} {DIGEST_KEY}"))
        return found.group(1) if found else ""

    def _servers(self) -> dict[str, str]:
        """name → "ip:port" of every server that the running edge has."""
        lines = self._runtime.ask("show servers state fleet").splitlines()
        header = next((line.removeprefix("# ").split() for line in lines if line.startswith("# ")), [])
        rows = (dict(zip(header, line.split(), strict=False)) for line in lines[2:])
        return {row["srv_name"]: f"{row['srv_addr']}:{row['srv_port']}" for row in rows}

    def _statistics(self) -> Iterator[dict[str, str]]:
        lines = self._runtime.ask("show stat fleet 4 -1").removeprefix("# ").splitlines()
        return iter(csv.DictReader(lines))

    def _add(self, routes: Routes, present: dict[str, str]) -> None:
        for backend in routes.backends:
            server = f"fleet/{backend.name}"
            if backend.name not in present:
                if backend.draining:
                    continue
                self._runtime.do(f"add server {server} {backend.address} {SERVER_OPTIONS}", expect="New server")
                self._runtime.do(f"enable health {server}")
            elif present[backend.name] != backend.address:
                host, _, port = backend.address.rpartition(":")
                self._runtime.ask(f"set server {server} addr {host} port {port}")
            if not backend.draining:
                self._runtime.do(f"set server {server} state ready")

    def _swap(self, routes: Routes) -> None:
        """The whole slot map in one transaction: no request sees half of it."""
        answer = self._runtime.do(f"prepare map {self._map}", expect="New version created: ")
        version = answer.rpartition(" ")[2]
        for payload in _chunks(slots_map(routes).splitlines()):
            self._runtime.do(f"add map @{version} {self._map}", payload)
        self._runtime.do(f"commit map @{version} {self._map}")

    def _retire(self, routes: Routes, present: dict[str, str]) -> None:
        """Draining servers get nothing new; those that are not in the routes go as soon as nothing uses them."""
        wanted: dict[str, Backend] = {backend.name: backend for backend in routes.backends}
        for name in present:
            if name not in wanted:
                self._runtime.do(f"set server fleet/{name} state maint")
                answer = self._runtime.ask(f"del server fleet/{name}")
                if not answer.startswith(("Server deleted", _STILL_BUSY)):
                    raise PlaneUnavailable(f"the edge does not delete {name}: {answer}")
            elif wanted[name].draining:
                self._runtime.do(f"set server fleet/{name} state drain")


def _chunks(lines: list[str]) -> Iterator[str]:
    chunk: list[str] = []
    size = 0
    for line in lines:
        if size + len(line) + 1 > _PAYLOAD:
            yield "\n".join(chunk)
            chunk, size = [], 0
        chunk.append(line)
        size += len(line) + 1
    yield "\n".join(chunk)
