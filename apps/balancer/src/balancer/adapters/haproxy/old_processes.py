"""The edge's old processes: after a reload each finishes the requests that it has."""

from __future__ import annotations

import re

from balancer.adapters.haproxy.runtime_api import RuntimeApi

_OLD_WORKERS = re.compile(r"^# old workers\n((?:[^#].*\n?)*)", re.MULTILINE)


def old_processes(master: RuntimeApi) -> list[str]:
    """The process ids of the old processes, as `@!PID` of the master's Runtime API takes them. Raises
    PlaneUnavailable."""
    old = _OLD_WORKERS.search(master.do("show proc", expect="#<PID>"))
    return [line.split()[0] for line in old[1].splitlines()] if old else []
