"""The edge's traffic: the counters of its servers over all its processes, and the table of counted keys."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from balancer.adapters.haproxy.names import AGAIN, TRAFFIC_TABLE
from balancer.adapters.haproxy.statistics import Statistics, columns
from balancer.core.growth import NONE, Growth, growth
from balancer.core.server_load import ServerCounters
from balancer.core.traffic import NOTHING_COUNTED, SAMPLE, CountedKey, KeyCounts

_FIELDS = ("svname", "qcur", "scur", "req_tot", "hrsp_5xx", "rtime")
_KEY = re.compile(r"key=([0-9A-F]{8}):(\d+) .*?http_req_cnt=(\d+)")

_Source = tuple[str, str]
"""Process id and instance."""


class HaproxyTraffic:
    """A Traffic over the edge's container. `directory`: the folder of its sockets."""

    def __init__(self, directory: Path) -> None:
        self._statistics = Statistics(directory)
        self._seen: dict[_Source, ServerCounters] = {}
        self._totals: dict[str, Growth] = {}
        self._lock = threading.Lock()

    def counters(self) -> Mapping[str, ServerCounters]:
        """What a process has counted is kept when it ends: after a reload the counters go on."""
        with self._lock:
            answers = self._statistics.by_process("show stat fleet 4 -1")
            now = {(pid, name): found for pid, answer in answers.items() for name, found in _servers(answer)}
            self._totals = _added(self._totals, growth(self._seen, now))
            kept = {source: found for source, found in self._seen.items() if source[0] in answers}
            self._seen = {**kept, **now}
            parts: defaultdict[str, list[ServerCounters]] = defaultdict(list)
            for (_, instance), found in now.items():
                parts[instance].append(found)
            return {instance: _whole(total, parts[instance]) for instance, total in self._totals.items()}

    def keys(self) -> KeyCounts:
        """The keys of the current process: another profile or a reload begins anew. Where requests have no key, there
        is no such table."""
        answer = self._statistics.runtime.ask(f"show table {TRAFFIC_TABLE}")
        if not answer.startswith("# table"):
            return NOTHING_COUNTED
        found = (_KEY.search(line) for line in answer.splitlines())
        keys = (CountedKey(int(key[2]), key[1].lower(), int(key[3])) for key in found if key)
        return KeyCounts(1 / SAMPLE, tuple(keys))


def _added(totals: Mapping[str, Growth], grown: Mapping[_Source, Growth]) -> dict[str, Growth]:
    """The totals of the servers that a process still has. The others are forgotten."""
    added: dict[str, Growth] = {}
    for (_, instance), more in grown.items():
        added[instance] = added.get(instance, totals.get(instance, NONE)).plus(more)
    return added


def _whole(total: Growth, parts: Sequence[ServerCounters]) -> ServerCounters:
    """The counters of one server. `parts`: those of each process, the current one's first: its response time counts
    where it has one."""
    return ServerCounters(
        in_flight=sum(part.in_flight for part in parts),
        requests=total.requests,
        errors=total.errors,
        response_time=next((part.response_time for part in parts if part.response_time), 0.0),
    )


def _servers(answer: str) -> Iterator[tuple[str, ServerCounters]]:
    """Instance and counters of each server of one process. A request that is repeated is also at AGAIN, which is
    none; `req_tot` counts the responses of a server, not the attempts to reach it."""
    for name, *figures in columns(answer, _FIELDS):
        waiting, running, requests, errors, milliseconds = (int(figure or 0) for figure in figures)
        if name != AGAIN:
            yield name, ServerCounters(waiting + running, requests, errors, milliseconds / 1000)
