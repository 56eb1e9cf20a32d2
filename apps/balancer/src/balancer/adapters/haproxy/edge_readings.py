"""What a running HAProxy tells of its requests and certificates. Nothing here changes it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from balancer.adapters.haproxy.names import AGAIN, AGAIN_ID, KEYLESS_TABLE
from balancer.adapters.haproxy.response_times import ResponseTimes
from balancer.adapters.haproxy.statistics import Statistics, columns, rows
from balancer.adapters.haproxy.tls import CERTIFICATES, certificate
from balancer.core.activity import IDLE, Activity
from balancer.core.certificate import Certificate
from balancer.core.load import Load
from balancer.core.response_readings import ResponseReadings

_COUNT = re.compile(r"http_req_cnt=(\d+)")
_SERVERS = "show stat fleet 4 -1"
_RESPONSES = ("hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other")
_ACTIVITY = ("svname", "qcur", "scur", "bin", "bout", "cli_abrt", *_RESPONSES)


class EdgeReadings:
    """The HAProxy whose sockets are in this folder. Every method may raise PlaneUnavailable."""

    def __init__(self, directory: Path) -> None:
        self._statistics = Statistics(directory)
        self._last_statistics = Statistics(directory, retry_for=0)
        self._runtime = self._statistics.runtime
        self._response_times = ResponseTimes()
        self._readings = ResponseReadings()

    def activity(self) -> Mapping[str, Activity]:
        return _activities(self._statistics.answers(_SERVERS))

    def last_activity(self) -> Mapping[str, Activity]:
        """The activity where HAProxy takes nothing new and finishes what it has: only its master process answers."""
        return _activities(self._last_statistics.by_process(_SERVERS).values())

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


def _activities(answers: Iterable[str]) -> dict[str, Activity]:
    """instance → the sums over the processes that gave these answers. `scur` runs, `qcur` waits."""
    activity: dict[str, Activity] = {}
    for answer in answers:
        for name, waits, runs, taken, given, given_up, *responses in columns(answer, _ACTIVITY):
            one = activity.get(name, IDLE)
            activity[name] = Activity(
                one.in_flight + _number(waits) + _number(runs),
                one.given + _number(given) + sum(map(_number, responses)),
                one.taken + _number(taken),
                one.given_up + _number(given_up),
            )
    return activity


def _number(figure: str) -> int:
    return int(figure or 0)


def _counts(statistics: str, name: str) -> dict[str, int]:
    """What the answer to `show stat` says of a server, or of the whole fleet ("BACKEND"). `scur`: running and waiting
    requests. `req_tot`: all requests so far. `rtime`: the mean response time in ms. All are 0 where the process has
    just ended."""
    row = next((row for row in rows(statistics) if row.get("svname") == name), {})
    return {field: int(row.get(field) or 0) for field in ("scur", "req_tot", "rtime")}
