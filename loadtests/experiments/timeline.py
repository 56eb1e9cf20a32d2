"""A-3: every endpoint once, then faults under load, and what was on the ring all the while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from loadtests.experiments.endpoints import Call, every_endpoint
from loadtests.experiments.stage import Stage
from loadtests.experiments.swarm_run import swarm
from loadtests.running import CannotMeasure
from tests.containers import crash
from tests.polling import until
from tests.system import System

N = 3
_WATCH_PAUSE = 0.1
_UNDER_WAY = 4.0
"""Seconds until locust sends, at the latest on a machine that has other things to do."""
_CALM = 3.0
"""Seconds of undisturbed traffic before the first fault and after each."""
_WHOLE_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Fault:
    """`at`: seconds since the start of the time line. `off_ring` and `whole`: seconds until the victim was seen off
    the ring and until N servers served again; None where nothing left the ring."""

    name: str
    victim: str
    at: float
    off_ring: float | None
    whole: float
    replacement: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The ring as GET /ring told it `at` seconds since the start; no servers and N of -1 while nobody answered."""

    at: float
    n: int
    servers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Second:
    """`at`: seconds since the start; `servers`: name → answers."""

    at: float
    servers: Mapping[str, int]
    failures: int


@dataclass(frozen=True, slots=True)
class Timeline:
    endpoints: tuple[Call, ...]
    faults: tuple[Fault, ...]
    samples: tuple[Sample, ...]
    seconds: tuple[Second, ...]
    requests: int
    failures: int
    broken_off: str = ""
    """Why it ended early; empty where it did not."""

    @property
    def what_failed(self) -> str:
        """What is not as it should be, in a sentence; empty when all is."""
        wrong = [call.request for call in self.endpoints if not call.is_as_expected]
        return "; ".join(
            [
                *([self.broken_off] if self.broken_off else []),
                *([f"{self.failures} of {self.requests} requests failed"] if self.failures else []),
                *([f"not answered as expected: {', '.join(wrong)}"] if wrong else []),
            ]
        )

    @property
    def document(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def of(document: Mapping[str, Any]) -> Timeline:
        """From the document that it was written to."""
        return Timeline(
            endpoints=tuple(Call(**call) for call in document["endpoints"]),
            faults=tuple(Fault(**fault) for fault in document["faults"]),
            samples=tuple(Sample(s["at"], s["n"], tuple(s["servers"])) for s in document["samples"]),
            seconds=tuple(Second(**second) for second in document["seconds"]),
            requests=document["requests"],
            failures=document["failures"],
            broken_off=document.get("broken_off", ""),
        )

    @property
    def memberships(self) -> list[tuple[str, float, float]]:
        """(server, from, until) in seconds, for as long as it was on the ring without a break, by when it joined."""
        spells: list[tuple[str, float, float]] = []
        since: dict[str, float] = {}
        last = 0.0
        for sample in self.samples:
            if sample.n < 0:
                continue
            gone = [name for name in since if name not in sample.servers]
            spells += [(name, since.pop(name), sample.at) for name in gone]
            since |= {name: sample.at for name in sample.servers if name not in since}
            last = sample.at
        return sorted([*spells, *((name, began, last) for name, began in since.items())], key=lambda spell: spell[1])


class Watch:
    """Asks for the ring every 100 ms, and keeps what changed."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._began = time.monotonic()
        self.samples: list[Sample] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch")

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    @contextmanager
    def watching(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()
            self.samples.append(self._sample())

    def first(self, wanted: Callable[[Sample], bool], *, since: float) -> float:
        """When it was first so, in seconds since the start. Raises CannotMeasure where it does not become so."""

        def found() -> list[float]:
            return [sample.at for sample in list(self.samples) if sample.at >= since and wanted(sample)]

        try:
            return until(found, "the fleet is as it was", within=_WHOLE_WITHIN)[0]
        except AssertionError as error:
            raise CannotMeasure(f"{error}; the ring: {self.samples[-1]}") from error

    def _watch(self) -> None:
        while not self._stop.wait(_WATCH_PAUSE):
            sample = self._sample()
            before = self.samples[-1] if self.samples else None
            if before is None or (before.n, before.servers) != (sample.n, sample.servers):
                self.samples.append(sample)

    def _sample(self) -> Sample:
        try:
            ring = self._system.ring().document
        except OSError:
            return Sample(self.now, -1, ())
        names = tuple(server["hostname"] for server in ring["servers"] if server["state"] == "serving")
        return Sample(self.now, len(names), names)


STRIKES: Mapping[str, Callable[[System, str], object]] = {
    "docker kill": lambda system, victim: system.containers.server(victim).kill(),
    "docker stop": lambda system, victim: system.containers.server(victim).stop(timeout=10),
    "docker pause": lambda system, victim: system.containers.server(victim).pause(),
    "docker rm -f": lambda system, victim: system.containers.server(victim).remove(force=True),
}
"""What befalls a server. The first three meet the first servers, which are old enough to be replaced at once."""


def play(stage: Stage, *, users: int, tell: Callable[[str], None]) -> Timeline:
    """Ends early where the fleet does not become whole again."""
    stage.resize(N)
    system = stage.system
    endpoints = tuple(every_endpoint(system))
    tell(f"{len(endpoints)} calls, {sum(not call.is_as_expected for call in endpoints)} not as expected")
    stage.resize(N)
    watch = Watch(system)
    with swarm(system, users=users) as load, watch.watching():
        start = time.time() - watch.now
        time.sleep(_UNDER_WAY + _CALM)
        faults = []
        broken_off = ""
        for name in (*STRIKES, "balancer kill -9"):
            if not load.is_running():
                break
            try:
                faults.append(_strike(system, watch, name))
            except CannotMeasure as error:
                broken_off = f"{name}: {error}"
                break
            tell(f"{name}: {_told(faults[-1])}")
            time.sleep(_CALM)
        counted = load.end()
    seconds = tuple(Second(second["at"] - start, second["servers"], second["failures"]) for second in counted.seconds)
    return Timeline(
        endpoints,
        tuple(faults),
        tuple(watch.samples),
        seconds,
        requests=counted.requests,
        failures=counted.failures,
        broken_off=broken_off,
    )


def _strike(system: System, watch: Watch, name: str) -> Fault:
    """One fault, until the fleet is whole again."""
    victim = system.replicas[0] if name in STRIKES else "balancer"
    at = watch.now
    if name not in STRIKES:
        crash(system.containers.balancer)
        away = watch.first(lambda sample: sample.n < 0, since=at)
        return Fault(name, victim, at, None, watch.first(lambda sample: sample.n == N, since=away) - at, "")
    before = set(system.replicas)
    striking = threading.Thread(target=STRIKES[name], args=(system, victim))  # the engine may take its time to answer
    striking.start()
    try:
        off = watch.first(lambda sample: sample.n >= 0 and victim not in sample.servers, since=at)
        whole = watch.first(lambda sample: sample.n == N, since=off)
    finally:
        striking.join()
    newcomers = sorted(set(system.replicas) - before)
    return Fault(name, victim, at, off - at, whole - at, ", ".join(newcomers))


def _told(fault: Fault) -> str:
    if fault.off_ring is None:
        return f"back after {fault.whole:.1f} s"
    off = f"{fault.victim} off the ring after {fault.off_ring:.1f} s"
    return f"{off}, {fault.replacement} serves after {fault.whole:.1f} s"
