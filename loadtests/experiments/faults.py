"""A-3: every endpoint once, then faults under load."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from loadtests.experiments.endpoints import every_endpoint
from loadtests.experiments.stage import Stage
from loadtests.experiments.swarm_run import Load, swarm
from loadtests.experiments.timeline import FAULTS, Fault, Second, Timeline
from loadtests.faults.servers import FAULTS as SERVER_FAULTS
from loadtests.faults.servers import carry_out
from loadtests.faults.watcher import Watcher
from loadtests.running import CannotMeasure
from tests.containers import crash
from tests.polling import until
from tests.system import System

N = 3
RATE = 200.0
"""Requests a second: few enough for a busy machine to send, whatever happens to the servers."""
_UNDER_WAY = 4.0
"""Seconds until locust sends, at the latest on a machine that has other things to do."""
_CALM = 3.0
"""Seconds of undisturbed traffic before the first fault and after each."""
_WHOLE_WITHIN = 60.0


def play(stage: Stage, *, path: str, say: Callable[[str], None]) -> Timeline:
    """Ends early where the fleet does not become whole again."""
    stage.resize(N)
    system = stage.system
    endpoints = tuple(every_endpoint(system, path))
    say(f"  {len(endpoints)} calls, {sum(not call.is_as_expected for call in endpoints)} not as expected")
    stage.resize(N)
    load = Load(path=path, rate=RATE)
    first = tuple(system.replicas)
    with swarm(system, load) as running, Watcher(system.control_url, system.authorization) as watcher:
        began, start = time.monotonic(), time.time()
        time.sleep(_UNDER_WAY + _CALM)
        faults: list[Fault] = []
        broken_off = ""
        for name in FAULTS:
            if not running.is_running():
                broken_off = f"locust ended before {name}"
                break
            try:
                faults.append(_happen(system, watcher, name, began=began))
            except CannotMeasure as error:
                broken_off = f"{name}: {error}"
                break
            say(f"  {_told(faults[-1])}")
            time.sleep(_CALM)
        end, last = time.monotonic() - began, tuple(system.replicas)
        counted = running.end()
    return Timeline(
        endpoints=endpoints,
        first=first,
        faults=tuple(faults),
        last=last,
        end=round(end, 3),
        seconds=tuple(Second(round(s["at"] - start, 3), s["servers"], s["failures"]) for s in counted.seconds),
        due=round(RATE * counted.duration),
        requests=counted.requests,
        failures=counted.failures,
        latency=counted.latency,
        broken_off=broken_off,
    )


def _happen(system: System, watcher: Watcher, name: str, *, began: float) -> Fault:
    """One fault, until the fleet is whole again."""
    before = system.replicas
    at = time.monotonic()
    if name not in SERVER_FAULTS:
        crash(system.containers.balancer)
        away = _seen(lambda: watcher.away_at(since=at), "nobody answers")
        whole = _seen(lambda: watcher.whole_at(since=away), f"{N} servers serve again")
        return Fault(name, "balancer", round(at - began, 3), None, round(whole - at, 3), "")
    victim = before[0]  # one of the first servers, which are old enough to be replaced at once
    strike = SERVER_FAULTS[name](system, system.containers.server(victim))
    striking = threading.Thread(target=carry_out, args=(strike,))  # the engine may take its time to answer
    striking.start()
    try:
        off = _seen(lambda: watcher.left_at(victim, since=at), f"{victim} is off the ring")
        whole = _seen(lambda: watcher.whole_at(since=off), f"{N} servers serve again")
    finally:
        striking.join()
    newcomers = ", ".join(sorted({*system.replicas} - {*before}))
    return Fault(name, victim, round(at - began, 3), round(off - at, 3), round(whole - at, 3), newcomers)


def _seen(when: Callable[[], float | None], what: str) -> float:
    """The time at which it was. Raises CannotMeasure where it is not in a minute."""
    try:
        return until(when, what, within=_WHOLE_WITHIN) or 0.0
    except AssertionError as error:
        raise CannotMeasure(str(error)) from error


def _told(fault: Fault) -> str:
    if fault.off_ring is None:
        return f"{fault.name}: back after {fault.whole:.1f} s"
    off = f"{fault.victim} off the ring after {fault.off_ring:.1f} s"
    return f"{fault.name}: {off}, {fault.replacement} serves after {fault.whole:.1f} s"
