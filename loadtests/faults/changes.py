"""Planned changes lose nothing: /add and /rm in turns under load. And nobody is replaced for being busy."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from statistics import median

from loadtests.faults.bounds import unsent
from loadtests.load.load import Load, load
from loadtests.load.sender import LoadPlan, own_seconds
from loadtests.ring.markdown import table
from loadtests.running import CannotMeasure
from tests.http_client import Answer
from tests.system import System

BUSY_PER_CORE = 2


def cycles(system: System, *, times: int, plan: LoadPlan) -> bool:
    """Prints how long /add and /rm took; True when all requests were sent and none failed."""
    added, removed = [], []
    with load(plan) as traffic:
        for number in range(1, times + 1):
            added.append(_seconds(lambda: system.add(1)))
            removed.append(_seconds(lambda: system.rm(1)))
            print(f"{number} of {times}: {added[-1]:.2f} s, {removed[-1]:.2f} s", file=sys.stderr, flush=True)
    rows = {"/add": added, "/rm": removed}
    print(table("Planned changes", {name: _row(seconds) for name, seconds in rows.items()}, first="change"))
    print(f"Meanwhile: {traffic}")
    return _is_well(traffic, rate=plan.rate)


def calm(system: System, *, seconds: float, plan: LoadPlan) -> bool:
    """Prints how many servers were replaced while every core was busy; True when none was, all requests were sent and
    none failed."""
    slow = LoadPlan(url=system.url, path="/slow?seconds=5", most_open=4)
    with _busy(BUSY_PER_CORE * (os.cpu_count() or 1)):
        return _nobody_is_replaced(
            system, seconds=seconds, rates={plan: plan.rate, slow: slow.most_open / own_seconds(slow.path)}
        )


def slow_requests(system: System, *, seconds: float, rate: float) -> bool:
    """Prints how many single-threaded servers were replaced while two slow requests at a time were mixed into a load of
    `rate` requests a second; True when none was, all requests were sent and none failed."""
    plain = LoadPlan(url=system.url, path="/", rate=rate)
    slow = LoadPlan(url=system.url, path="/slow?seconds=5", most_open=2, last_within=30)
    one_after_the_other = 1 / own_seconds(slow.path)
    return _nobody_is_replaced(system, seconds=seconds, rates={plain: rate, slow: one_after_the_other})


def _nobody_is_replaced(system: System, *, seconds: float, rates: Mapping[LoadPlan, float]) -> bool:
    """`rates`: plan → how many requests a second it has to send at least."""
    system.wait_until_ready()
    fleet = {str(container.id) for container in system.containers.of("server")}
    seen = set(fleet)
    end = time.monotonic() + seconds
    with ExitStack() as running:
        loads = [running.enter_context(load(plan)) for plan in rates]
        while time.monotonic() < end:
            time.sleep(1)
            seen |= {str(container.id) for container in system.containers.of("server")}
            for each in loads:
                each.check()
    print(f"{seconds:g} s: {len(seen - fleet)} of {len(fleet)} servers replaced")
    for each in loads:
        print(f"{each.plan.path}: {each}")
    return all([seen == fleet, *(_is_well(each, rate=rates[each.plan]) for each in loads)])


def _is_well(traffic: Load, *, rate: float) -> bool:
    """Whether a load that has ended sent `rate` requests a second and none failed; says what it did not send."""
    wrong = unsent(sent=traffic.sent, left_out=traffic.left_out, rate=rate, seconds=traffic.seconds)
    for line in wrong:
        print(f"FAILURE: {traffic.plan.path}: {line}", file=sys.stderr)
    return not wrong and traffic.failed == 0


def _seconds(change: Callable[[], Answer]) -> float:
    """Until one server more or fewer is answered. Raises CannotMeasure."""
    began = time.monotonic()
    answer = change()
    if answer.status != 200:
        raise CannotMeasure(f"a change is answered {answer}")
    return time.monotonic() - began


def _row(seconds: list[float]) -> dict[str, str]:
    return {"count": str(len(seconds)), "p50": f"{median(seconds):.2f} s", "max": f"{max(seconds):.2f} s"}


@contextmanager
def _busy(processes: int) -> Iterator[None]:
    """So many processes that never rest."""
    spinning = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(processes)]
    for process in spinning:
        process.start()
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.join()


def _spin() -> None:
    while True:
        pass
