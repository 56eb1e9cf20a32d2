"""What makes a running HAProxy obey: files for its next start, and its Runtime API. No configuration is made here."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from balancer.adapters.atomic_file import replace_file
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.adapters.haproxy.names import AGAIN, AGAIN_ID, KEYLESS_TABLE
from balancer.adapters.haproxy.response_times import ResponseTimes
from balancer.adapters.haproxy.slot_map import DIGEST_KEY
from balancer.adapters.haproxy.statistics import Statistics, rows
from balancer.adapters.haproxy.tls import CERTIFICATES, certificate
from balancer.core.activity import IDLE, Activity
from balancer.core.certificate import Certificate
from balancer.core.errors import PlaneUnavailable
from balancer.core.load import Load
from balancer.core.response_readings import ResponseReadings

_PAYLOAD = 4096
"""Bytes of one `add map` command. HAProxy's smallest buffer has 8192 here."""

_VALUE = re.compile(r'value="([^"]*)"')
_COUNT = re.compile(r"http_req_cnt=(\d+)")
_MAINTENANCE, _DRAIN = 0x01, 0x08
"""The bits SRV_ADMF_FMAINT and SRV_ADMF_FDRAIN of srv_admin_state, which `set server … state maint` and `drain` set."""
_SERVERS = "show stat fleet 4 -1"
_RESPONSES = ("hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other")
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
        self._last_statistics = Statistics(directory, retry_for=0)
        self._runtime, self._master = self._statistics.runtime, self._statistics.master
        self._response_times = ResponseTimes()
        self._readings = ResponseReadings()

    @property
    def is_configured(self) -> bool:
        """Whether it ever had files."""
        return self._configuration.exists()

    def obey(self, files: EdgeFiles) -> None:
        """The files are written even where HAProxy is away, so that it starts with them."""
        self.write(files)
        if not self._has_fixed_part(files):
            self._reload()
        present = self._servers()
        self._add(files, present)
        if self._map_digest() != files.digest:
            self._swap(files)
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
        """Writes what HAProxy starts with."""
        try:
            replace_file(self._map, ("\n".join(files.slots_map) + "\n").encode())
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
        maintained = {name for name, row in states.items() if int(row["srv_admin_state"]) & _MAINTENANCE}
        gone = maintained - wanted
        for name in gone:
            self._delete(name)
        return (
            self._map_digest() == files.digest
            and self._has_fixed_part(files)
            and states.keys() <= wanted | gone
            and not maintained & wanted
            and serving == {name: _address(row) for name, row in states.items() if name in serving}
        )

    def activity(self) -> Mapping[str, Activity]:
        return _activities(self._statistics.answers(_SERVERS))

    def last_activity(self) -> Mapping[str, Activity]:
        """The activity where HAProxy takes nothing new and finishes what it has: only its master process answers."""
        return _activities(self._last_statistics.by_process(_SERVERS).values())

    def close_idle(self, instance: str) -> None:
        """The state `maint` closes what is idle and leaves what runs. It lasts no longer than one line of commands."""
        server = f"fleet/{instance}"
        row = self._states().get(instance)
        if row is None or int(row["srv_admin_state"]) & _MAINTENANCE:
            return
        state = "drain" if int(row["srv_admin_state"]) & _DRAIN else "ready"
        there_and_back = [f"set server {server} state maint", f"set server {server} state {state}"]
        self._runtime.do("; ".join(there_and_back))
        for pid in self._statistics.old_processes():
            for command in there_and_back:
                self._master.ask(f"@!{pid} {command}")

    def load(self) -> Load:
        """The load. Response times are only those of the current process: few responses end in an old process. A
        request that goes round (decision 0017) is in the backend twice, and counts once."""
        current, *old = (_counts(answer, "BACKEND") for answer in self._statistics.answers("show stat fleet 2 -1"))
        self._response_times = times = self._response_times.updated(current["req_tot"], current["rtime"])
        self._readings = self._readings.with_reading(time.monotonic(), responses=times.ended, seconds=times.seconds)
        rounds = sum(
            _counts(answer, AGAIN)["scur"] for answer in self._statistics.answers(f"show stat fleet 4 {AGAIN_ID}")
        )
        return Load(max(0, sum(row["scur"] for row in (current, *old)) - rounds), self._readings.mean)

    def keyless(self) -> int:
        found = _COUNT.search(self._runtime.ask(f"show table {KEYLESS_TABLE}"))
        return int(found[1]) if found else 0

    def certificates(self) -> tuple[Certificate, ...]:
        files = [line for line in self._runtime.ask("show ssl cert").splitlines() if line.startswith(CERTIFICATES)]
        shown = (certificate(self._runtime.ask(f"show ssl cert {file}")) for file in files)
        return tuple(item for item in shown if item)

    def _is_written(self, files: EdgeFiles) -> bool:
        try:
            with self._map.open() as file:
                is_map = file.readline() == f"{DIGEST_KEY} {files.digest}\n"
            return is_map and self._configuration.read_text() == files.configuration
        except FileNotFoundError:
            return False
        except OSError as error:
            raise PlaneUnavailable(f"the edge's files cannot be read: {error}") from error

    def _has_fixed_part(self, files: EdgeFiles) -> bool:
        return f"description: {files.fixed_digest}" in self._runtime.ask("show info").splitlines()

    def _map_digest(self) -> str:
        """The digest of the routes that the running edge obeys; empty where its map has none."""
        found = _VALUE.search(self._runtime.ask(f"get map {self._map} {DIGEST_KEY}"))
        return found[1] if found else ""

    def _servers(self) -> dict[str, str]:
        """instance → "ip:port", for every server of the running edge."""
        return {name: _address(row) for name, row in self._states().items()}

    def _states(self) -> dict[str, dict[str, str]]:
        """instance → the fields of `show servers state`, for every server of the running edge."""
        lines = self._runtime.ask("show servers state fleet").splitlines()
        header = next((line.removeprefix("# ").split() for line in lines if line.startswith("# ")), [])
        rows = (dict(zip(header, line.split(), strict=False)) for line in lines[2:])
        return {row["srv_name"]: row for row in rows if row["srv_name"] != AGAIN}

    def _add(self, files: EdgeFiles, present: dict[str, str]) -> None:
        for backend in files.serving:
            server = f"fleet/{backend.instance}"
            if backend.instance not in present:
                self._runtime.do(
                    f"add server {server} {backend.address} {files.server_options[backend.protocol]}",
                    expect="New server",
                )
                self._runtime.do(f"enable health {server}")
            elif present[backend.instance] != backend.address:
                host, _, port = backend.address.rpartition(":")
                self._runtime.ask(f"set server {server} addr {host} port {port}")
            self._runtime.do(f"set server {server} state ready")

    def _swap(self, files: EdgeFiles) -> None:
        """Replaces the whole slot map in one transaction, so that no request sees a part of it."""
        answer = self._runtime.do(f"prepare map {self._map}", expect="New version created: ")
        version = answer.rpartition(" ")[2]
        for payload in _chunks(files.slots_map):
            self._runtime.do(f"add map @{version} {self._map}", payload)
        self._runtime.do(f"commit map @{version} {self._map}")

    def _withdraw(self, files: EdgeFiles, present: dict[str, str]) -> None:
        """Drains the servers that take no new requests, and deletes those that are not in the routes."""
        serving = {backend.instance for backend in files.serving}
        resting = {backend.instance for backend in files.backends} - serving
        for name in present.keys() - serving:
            if name in resting:
                self._runtime.do(f"set server fleet/{name} state drain")
                continue
            self._runtime.do(f"set server fleet/{name} state maint")
            self._delete(name)

    def _delete(self, name: str) -> None:
        """Deletes the server, unless it still has connections. Raises PlaneUnavailable."""
        answer = self._runtime.ask(f"del server fleet/{name}")
        if not answer.startswith(("Server deleted", _STILL_BUSY)):
            raise PlaneUnavailable(f"the edge does not delete {name}: {answer}")


def _address(state: dict[str, str]) -> str:
    return f"{state['srv_addr']}:{state['srv_port']}"


def _activities(answers: Iterable[str]) -> dict[str, Activity]:
    """instance → the sums over the processes that gave these answers."""
    activity: dict[str, Activity] = {}
    for answer in answers:
        for row in rows(answer):
            name = row.get("svname", "")
            one, other = activity.get(name, IDLE), _activity(row)
            activity[name] = Activity(
                one.in_flight + other.in_flight,
                one.given + other.given,
                one.taken + other.taken,
                one.given_up + other.given_up,
            )
    return activity


def _activity(row: dict[str, str]) -> Activity:
    """The activity of a server, from its row in the answer to `show stat`. `scur` runs, `qcur` waits."""

    def total(*fields: str) -> int:
        return sum(int(row.get(field) or 0) for field in fields)

    return Activity(
        total("scur", "qcur"), given=total(*_RESPONSES, "bout"), taken=total("bin"), given_up=total("cli_abrt")
    )


def _counts(statistics: str, name: str) -> dict[str, int]:
    """What the answer to `show stat` says of a server, or of the whole fleet ("BACKEND"). `scur`: running and waiting
    requests. `req_tot`: all requests so far. `rtime`: the mean response time in ms. All are 0 where the process has
    just ended."""
    row = next((row for row in rows(statistics) if row.get("svname") == name), {})
    return {field: int(row.get(field) or 0) for field in ("scur", "req_tot", "rtime")}


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
