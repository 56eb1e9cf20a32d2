"""What makes a running HAProxy obey: files for its next start, and its Runtime API. No configuration is made here."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from balancer.adapters.atomic_file import replace_file
from balancer.adapters.haproxy import slot_map
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.adapters.haproxy.names import AGAIN
from balancer.adapters.haproxy.slot_map import DIGEST_KEY
from balancer.adapters.haproxy.statistics import Statistics
from balancer.core.errors import PlaneUnavailable

_COMMAND = 6144
"""Bytes of one command with its payload, or of several commands on a line. HAProxy's smallest buffer has 8192 here."""
_AT_ONCE = 4
"""How many connections of one swap are open at the same time. HAProxy allows ten in all."""
_FEW = 8
"""A part of the slot map: where fewer than one in so many entries change, only those are told."""
_CHANGING = "-"
"""The map's digest while its entries are changed one after another."""

_VALUE = re.compile(r'value="([^"]*)"')
_MAINTENANCE, _DRAIN = 0x01, 0x08
"""The bits SRV_ADMF_FMAINT and SRV_ADMF_FDRAIN of srv_admin_state, which `set server … state maint` and `drain` set."""
_STILL_BUSY = "Server still has connections attached to it"
_HEARING = 2.0
"""Seconds for which a reload waits until old processes have heard of it."""
_PAUSE = 0.01


class RunningEdge:
    """The HAProxy whose files and sockets are in this folder. Every method may raise PlaneUnavailable."""

    def __init__(self, directory: Path) -> None:
        self._map = directory / "slots.map"
        self._configuration = directory / "haproxy.cfg"
        self._statistics = Statistics(directory)
        self._runtime, self._master = self._statistics.runtime, self._statistics.master
        self._told: EdgeFiles | None = None
        """Those whose map was told last. Where the running map has their digest, it has their entries."""

    @property
    def is_configured(self) -> bool:
        """Whether it ever had files."""
        return self._configuration.exists()

    def obey(self, files: EdgeFiles) -> None:
        """HAProxy is told first and the files are written after it: they are megabytes, and until it is told a server
        that has died gets requests. What it cannot change while it runs it reads from the files. They are written even
        where HAProxy is away, so that it starts with them."""
        is_told = False
        try:
            is_told = self._has_fixed_part(files)
            if is_told:
                self._tell(files)
        finally:
            self.write(files)
        if not is_told:
            self._reload()
            self._tell(files)

    def _tell(self, files: EdgeFiles) -> None:
        present = self._states()
        self._add(files, present)
        self._renew(files)
        self._withdraw(files, present)

    def _reload(self) -> None:
        """HAProxy reads its files. An old process listens for a moment more, until it has heard that it is one: what it
        is told then is lost. So this returns when all old ones have heard it."""
        self._master.do("reload", expect="Success=1")
        end = time.monotonic() + _HEARING
        while any(map(self._listens, self._statistics.old_processes())) and time.monotonic() < end:
            time.sleep(_PAUSE)

    def _listens(self, process: str) -> bool:
        return "Stopping: 0" in self._master.ask(f"@!{process} show info").splitlines()

    def write(self, files: EdgeFiles) -> None:
        """Writes what HAProxy starts with, as far as it is not written."""
        try:
            if not self._has_map(files):
                replace_file(self._map, ("\n".join(files.slots_map) + "\n").encode())
            if not self._has_configuration(files):
                replace_file(self._configuration, files.configuration.encode())
        except OSError as error:
            raise PlaneUnavailable(f"the edge's files cannot be written: {error}") from error

    def serves(self) -> bool:
        """Whether HAProxy answers. It never raises."""
        try:
            return "Name: HAProxy" in self._runtime.ask("show info").splitlines()
        except PlaneUnavailable:
            return False

    def obeys(self, files: EdgeFiles) -> bool:
        """Whether the running edge obeys the files, and would obey them after its next start. A server that they no
        longer name may still be there while it has connections; it is deleted when it has none."""
        if not self._is_written(files):
            return False
        serving = {backend.instance: backend.address for backend in files.serving}
        wanted = {backend.instance for backend in files.backends}
        states = self._states()
        maintained = {name for name, state in states.items() if state.is_maintained}
        gone = maintained - wanted
        for name in gone:
            self._delete(name)
        has_map = self._map_digest() == files.digest
        if has_map:
            self._told = files
        return (
            has_map
            and self._has_fixed_part(files)
            and states.keys() <= wanted | gone
            and not maintained & wanted
            and serving == {name: state.address for name, state in states.items() if name in serving}
        )

    def close_idle(self, instance: str) -> None:
        """The state `maint` closes what is idle and leaves what runs. It lasts no longer than one line of commands."""
        server = f"fleet/{instance}"
        present = self._states().get(instance)
        if present is None or present.is_maintained:
            return
        state = "drain" if present.is_draining else "ready"
        there_and_back = [f"set server {server} state maint", f"set server {server} state {state}"]
        self._runtime.do("; ".join(there_and_back))
        for pid in self._statistics.old_processes():
            for command in there_and_back:
                self._master.ask(f"@!{pid} {command}")

    def _is_written(self, files: EdgeFiles) -> bool:
        try:
            return self._has_map(files) and self._has_configuration(files)
        except OSError as error:
            raise PlaneUnavailable(f"the edge's files cannot be read: {error}") from error

    def _has_map(self, files: EdgeFiles) -> bool:
        """Raises OSError."""
        try:
            with self._map.open() as file:
                return file.readline() == f"{DIGEST_KEY} {files.digest}\n"
        except FileNotFoundError:
            return False

    def _has_configuration(self, files: EdgeFiles) -> bool:
        """Raises OSError."""
        try:
            return self._configuration.read_text() == files.configuration
        except FileNotFoundError:
            return False

    def _has_fixed_part(self, files: EdgeFiles) -> bool:
        return f"description: {files.fixed_digest}" in self._runtime.ask("show info").splitlines()

    def _map_digest(self) -> str:
        """The digest of the routes that the running edge obeys; empty where its map has none."""
        found = _VALUE.search(self._runtime.ask(f"get map {self._map} {DIGEST_KEY}"))
        return found[1] if found else ""

    def _states(self) -> dict[str, _State]:
        """instance → its state, for every server of the running edge."""
        lines = self._runtime.ask("show servers state fleet").splitlines()
        header = next((line.removeprefix("# ").split() for line in lines if line.startswith("# ")), [])
        fields = ("srv_name", "srv_addr", "srv_port", "srv_admin_state")
        if not set(fields) <= set(header):
            return {}
        picked = itemgetter(*map(header.index, fields))
        rows = (picked(line.split()) for line in lines[2:])
        return {name: _State(f"{host}:{port}", int(flags)) for name, host, port, flags in rows if name != AGAIN}

    def _add(self, files: EdgeFiles, present: Mapping[str, _State]) -> None:
        """Every server that serves is there, at its address, and ready. One that is so already is told nothing."""
        for backend in files.serving:
            server, state = f"fleet/{backend.instance}", present.get(backend.instance)
            if state is None:
                self._runtime.do(
                    f"add server {server} {backend.address} {files.server_options[backend.protocol]}",
                    expect="New server",
                )
                self._runtime.do(f"enable health {server}")
            elif state.address != backend.address:
                host, _, port = backend.address.rpartition(":")
                self._runtime.ask(f"set server {server} addr {host} port {port}")
            if state is None or state.flags:
                self._runtime.do(f"set server {server} state ready")

    def _renew(self, files: EdgeFiles) -> None:
        """The running map becomes that of the files. A few entries are told alone, where it is known what it has: a
        request reads one of them. All others are swapped in one transaction; so is every map of bounded load, of which
        a request reads several."""
        digest = self._map_digest()
        if digest == files.digest:
            return
        known = self._told if self._told and self._told.digest == digest and self._told.bound == files.bound else None
        self._told = None
        edits = [] if known is None or files.bound is not None else slot_map.edits(known.slots_map, files.slots_map)
        if edits and _FEW * len(edits) < len(files.slots_map):
            self._edit(edits)
        else:
            self._swap(files)
        self._told = files

    def _edit(self, edits: list[slot_map.Edit]) -> None:
        """The edits, the last of which is the new digest. Until then the map has the digest of nobody: where this is
        broken off, the whole map is swapped next time."""
        self._runtime.do(f"set map {self._map} {DIGEST_KEY} {_CHANGING}")
        commands = [f"{verb} map {self._map} {entry}" for verb, entry in edits]
        for line in _parts(commands, ";"):
            self._runtime.do(line)

    def _swap(self, files: EdgeFiles) -> None:
        """Replaces the whole slot map in one transaction, so that no request sees a part of it."""
        answer = self._runtime.do(f"prepare map {self._map}", expect="New version created: ")
        version = answer.rpartition(" ")[2]
        parts = _parts(files.slots_map, "\n")
        self._runtime.do_all(((f"add map @{version} {self._map}", part) for part in parts), at_once=_AT_ONCE)
        self._runtime.do(f"commit map @{version} {self._map}")

    def _withdraw(self, files: EdgeFiles, present: Mapping[str, _State]) -> None:
        """Drains the servers that take no new requests, and deletes those that are not in the routes."""
        serving = {backend.instance for backend in files.serving}
        resting = {backend.instance for backend in files.backends} - serving
        for name in present.keys() - serving:
            if name not in resting:
                self._runtime.do(f"set server fleet/{name} state maint")
                self._delete(name)
            elif not present[name].is_draining:
                self._runtime.do(f"set server fleet/{name} state drain")

    def _delete(self, name: str) -> None:
        """Deletes the server, unless it still has connections. Raises PlaneUnavailable."""
        answer = self._runtime.ask(f"del server fleet/{name}")
        if not answer.startswith(("Server deleted", _STILL_BUSY)):
            raise PlaneUnavailable(f"the edge does not delete {name}: {answer}")


class _State(NamedTuple):
    """A server of the running edge. `flags`: its srv_admin_state."""

    address: str
    flags: int

    @property
    def is_maintained(self) -> bool:
        return bool(self.flags & _MAINTENANCE)

    @property
    def is_draining(self) -> bool:
        return bool(self.flags & _DRAIN)


def _parts(lines: Iterable[str], between: str) -> Iterator[str]:
    """The lines, joined to parts that fit into one command."""
    part: list[str] = []
    size = 0
    for line in lines:
        if size + len(line) + 1 > _COMMAND:
            yield between.join(part)
            part, size = [], 0
        part.append(line)
        size += len(line) + 1
    yield between.join(part)
