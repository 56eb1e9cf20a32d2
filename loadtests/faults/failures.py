"""Servers fail one after another under load: what fails, what is repeated, how long a replacement takes."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from loadtests.faults.bounds import BOUNDS, NOTHING, WRITING, Bounds, exceeded, late, unsent
from loadtests.faults.servers import Fault, carry_out, hostname, old_enough
from loadtests.faults.watcher import Watcher
from loadtests.faults.wire import Wire, listening
from loadtests.load.load import Load, load
from loadtests.load.sender import LoadPlan, own_seconds
from loadtests.ring.markdown import table
from loadtests.running import CannotMeasure
from loadtests.traffic import Request, TrafficCounts, count
from tests.polling import until
from tests.system import System

AFTER = 4.0
"""Seconds after a fault whose requests count as its own, at least: a server off the network is given up after 3."""
_WITHIN = 120.0


@dataclass(frozen=True, slots=True)
class MeasuredFault:
    """`off_ring` and `replaced`: seconds until the server was off the ring and until N servers served again."""

    counts: TrafficCounts
    off_ring: float
    replaced: float
    posts_repeated: Sequence[str]
    wrong: Sequence[str]


def measure(system: System, faults: Mapping[str, Fault], *, times: int, plan: LoadPlan) -> bool:
    """Prints a table; True when no bound is broken. Raises CannotMeasure."""
    rows, passed = {}, True
    with (
        listening(system) as wire,
        Watcher(system.control_url, system.authorization) as watcher,
        load(plan) as traffic,
    ):
        measuring = _Measuring(system, watcher, traffic, wire)
        for name, fault in faults.items():
            measured = list(measuring.faults(name, fault, times))
            rows[name] = _row(measured)
            passed &= not any(each.wrong for each in measured)
        if not wire.heard:
            raise CannotMeasure("no POST was seen on the deployment's network")
    print(
        table(
            f"{system.deployment}: {system.settings.data_plane}, {plan.rate:g} requests a second", rows, first="fault"
        )
    )
    wrong = measuring.wrong_at_the_end()
    print(*(f"FAILURE: {line}\n" for line in wrong), sep="", end="", file=sys.stderr)
    return passed and not wrong


@dataclass(frozen=True, slots=True)
class _Measuring:
    system: System
    watcher: Watcher
    traffic: Load
    wire: Wire

    def faults(self, name: str, fault: Fault, times: int) -> Iterator[MeasuredFault]:
        for number in range(1, times + 1):
            measured = self._one(name, fault)
            print(
                f"{name} {number}: off the ring after {measured.off_ring:.2f} s, whole after {measured.replaced:.2f} s",
                *(f"  FAILURE: {wrong}" for wrong in measured.wrong),
                sep="\n",
                file=sys.stderr,
                flush=True,
            )
            yield measured

    def wrong_at_the_end(self) -> list[str]:
        """What is wrong with a load that has ended, beside what was judged fault by fault."""
        load = self.traffic
        return [
            *self._wrong_without_fault(),
            *unsent(sent=load.sent, left_out=load.left_out, rate=load.plan.rate, seconds=load.seconds),
        ]

    def _one(self, name: str, fault: Fault) -> MeasuredFault:
        """The server that has run for longest fails; ends when the fleet is whole again."""
        system, watcher = self.system, self.watcher
        server = until(lambda: old_enough(system, watcher.now.replicas), "a server is old enough", within=_WITHIN)[0]
        victim, strike = hostname(server), fault(system, server)
        wrong_before = self._wrong_without_fault()
        time.sleep(1)  # what flows before the fault belongs to its first second
        began = time.monotonic()
        striking = threading.Thread(target=carry_out, args=(strike,))
        striking.start()
        off = until(lambda: watcher.left_at(victim, since=began), f"{victim} is off the ring", within=30, pause=0.01)
        whole = until(lambda: watcher.whole_at(since=off), "N servers serve again", within=_WITHIN, pause=0.01)
        striking.join()
        until(lambda: system.is_ready and victim not in system.containers.servers, "the fleet is whole", within=60)
        time.sleep(max(0.0, began + AFTER - time.monotonic()))
        return self._judged(name, off - began, whole - began, wrong_before)

    def _judged(self, name: str, off_ring: float, replaced: float, wrong_before: Sequence[str]) -> MeasuredFault:
        moment, bounds = time.monotonic(), BOUNDS[name]
        answered = self.traffic.wait_for_answers(moment, within=30)
        requests = self.traffic.take(moment)
        wrong = [
            *wrong_before,
            *self._wrong(requests, bounds),
            *late(bounds, off_ring=off_ring, whole=replaced),
            *([] if answered else ["requests are not answered within 30 s"]),
        ]
        counts = count(requests, rate=self.traffic.plan.rate)
        return MeasuredFault(counts, off_ring, replaced, self._twice(requests), wrong)

    def _wrong_without_fault(self) -> list[str]:
        """Of the requests that have ended since the last judgement, when nothing was the matter."""
        return [f"without a fault: {wrong}" for wrong in self._wrong(self.traffic.take(), NOTHING)]

    def _wrong(self, requests: Sequence[Request], bounds: Bounds) -> list[str]:
        plan = self.traffic.plan
        posts, writing = plan.rate / plan.post_every, own_seconds(plan.path) or WRITING
        counts = count(requests, rate=plan.rate)
        return [
            *exceeded(counts, bounds, rate=plan.rate, posts=posts, writing=writing),
            *(f"POST {post} was sent to more than one server" for post in self._twice(requests)),
        ]

    def _twice(self, requests: Sequence[Request]) -> list[str]:
        """The POSTs that were sent to more than one server."""
        return self.wire.repeated([request.post for request in requests if request.post])


def _row(measured: Sequence[MeasuredFault]) -> dict[str, str]:
    counts = [each.counts for each in measured]
    shares = [each.worst_share for each in counts]
    return {
        "count": str(len(measured)),
        "requests": str(sum(each.requests for each in counts)),
        "failed": str(sum(sum(each.failed.values()) for each in counts)),
        "cut": str(sum(each.cut for each in counts)),
        "POSTs failed": str(sum(each.posts for each in counts)),
        "POSTs sent twice": str(sum(len(each.posts_repeated) for each in measured)),
        "repeated": str(sum(each.repeated for each in counts)),
        "worst second p50, max": f"{median(shares):.1%}, {max(shares):.1%}",
        "longest wait": f"{max(each.slowest for each in counts):.2f} s",
        "off the ring p50, max": _times([each.off_ring for each in measured]),
        "replaced p50, max": _times([each.replaced for each in measured]),
    }


def _times(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.2f} s, {max(seconds):.2f} s"
