"""The report of silences: events of servers that are silent or back, and the problem where most are silent at once."""

from __future__ import annotations

from collections.abc import Collection

from balancer.core.event import EventKind
from balancer.core.fleet import COUNTED, Fleet
from balancer.core.plan import Plan
from balancer.ports.clock import Clock
from balancer.service.event_log import EventLog
from balancer.service.problems import Part, Problems
from balancer.service.silence_watch import SilenceWatch

_KEEP_ALIVE = "server_keep_alive=false keeps no idle connections"


class SilenceReport:
    def __init__(self, *, watch: SilenceWatch, problems: Problems, events: EventLog, clock: Clock) -> None:
        self._watch = watch
        self._problems = problems
        self._events = events
        self._clock = clock

    def changed(self, before: Fleet, plan: Plan) -> None:
        """Records the servers that the plan silences and those that it brings back."""
        for instance in plan.silenced:
            server = before.server(instance)
            silence = self._watch.silence(server)
            requests = silence.activity.in_flight if silence else 0
            busy = f"it works on {requests} requests, " if requests else ""
            self._events.record(
                EventKind.SILENT,
                server=server.hostname,
                instance=server.instance,
                reason=f"it missed its heartbeats: {busy}an idle connection blocks it ({_KEEP_ALIVE}), or it hangs",
                requests=requests,
            )
        for instance in plan.answered:
            server = before.server(instance)
            silence = self._watch.silence(server)
            self._events.record(
                EventKind.BACK,
                server=server.hostname,
                instance=server.instance,
                reason="most servers are silent: it is believed to live" if plan.crowd else "it answers its heartbeats",
                seconds=self._clock.now() - silence.since if silence else None,
            )

    def crowd(self, crowd: Collection[str], fleet: Fleet) -> None:
        """Reports the problem that most servers, given by instance, are silent at once; clears it where they are
        not."""
        if not crowd:
            self._problems.clear(Part.SERVERS)
            return
        silent = set(crowd)
        names = ", ".join(server.hostname for server in fleet.servers if server.instance in silent)
        self._problems.report(
            Part.SERVERS,
            f"{names} of {len(fleet.of(*COUNTED))} servers miss their heartbeats at once. The host is overloaded, or "
            f"the application answers its heartbeat too late: it needs a longer heartbeat_timeout, more threads, or "
            f"{_KEEP_ALIVE}. They stay on the ring; one after another is replaced where it gives no sign of life for "
            f"hang_timeout ({self._watch.hang_timeout:g} s)",
        )
