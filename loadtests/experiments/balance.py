"""A-1, A-2 and A-4: how the requests are spread over N servers, under one ring profile or under each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.experiments.stage import Stage
from loadtests.experiments.swarm_run import Load, swarm
from loadtests.running import CannotMeasure
from loadtests.spread import Spread

_ATTEMPTS = 3
_ONE_KEY = ("path", "address")


@dataclass(frozen=True, slots=True)
class Part:
    """One server's part in a run: `share` of all requests is what the ring promised it for its `slots`."""

    server: str
    ring_id: int
    slots: int
    share: float
    requests: int
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """`requests` under one ring. `latency` in milliseconds, `seconds` from the first to the last."""

    profile: Mapping[str, Any]
    parts: tuple[Part, ...]
    requests: int
    failures: int
    seconds: float
    latency: Mapping[str, float]

    @property
    def strategy(self) -> str:
        return str(self.profile["strategy"])

    @property
    def request_hash(self) -> str:
        return str(self.profile["request_hash"])

    @property
    def n(self) -> int:
        return len(self.parts)

    @property
    def name(self) -> str:
        return f"{self.strategy} with {self.request_hash}, N = {self.n}"

    @property
    def spread(self) -> Spread:
        return Spread(tuple(part.requests for part in self.parts), tuple(part.share for part in self.parts))

    def __str__(self) -> str:
        spread = self.spread
        return (
            f"{self.name}: {self.requests} requests, {self.failures} failed, "
            f"max/mean {spread.max_over_mean:.3f} (predicted {spread.predicted_max_over_mean:.3f}), "
            f"{self.requests / self.seconds:.0f}/s"
        )

    @staticmethod
    def of(document: Mapping[str, Any]) -> Run:
        """From the document that it was written to."""
        return Run(**{**document, "parts": tuple(Part(**part) for part in document["parts"])})


class RingChanged(CannotMeasure):
    """A server was replaced meanwhile, or somebody changed the ring."""


def measure(stage: Stage, n: int, load: Load) -> Run:
    """Sends it over n servers, and all of it again where the ring changed meanwhile. Raises CannotMeasure where it goes
    on changing."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return _measure(stage, load)
        except RingChanged:
            stage.resize(n)
    return _measure(stage, load)


def _measure(stage: Stage, load: Load) -> Run:
    before = stage.ring()
    servers = stage.servers()
    with swarm(stage.system, load) as running:
        counted = running.counted()
    if stage.ring()["digest"] != before["digest"]:
        raise RingChanged("the ring changed while it was measured, three times; try again on a quiet machine")
    if strangers := counted.servers.keys() - {server["hostname"] for server in servers}:
        raise CannotMeasure(f"servers that are not on the ring have answered: {', '.join(sorted(strangers))}")
    parts = tuple(
        Part(
            server=server["hostname"],
            ring_id=server["ring_id"],
            slots=server["slots"],
            share=server["share"],
            requests=counted.servers.get(server["hostname"], 0),
            weight=server["weight"],
        )
        for server in servers
    )
    return Run(before["profile"], parts, counted.requests, counted.failures, counted.duration, counted.latency)


def at_sizes(stage: Stage, sizes: Sequence[int], load: Load) -> Iterator[Run]:
    """A-1 with one size, A-2 with several: the ring as it is. Raises CannotMeasure where it would not be asked."""
    key = stage.ring()["profile"]["key"]
    if key in _ONE_KEY:
        raise CannotMeasure(f'by "{key}" all requests of an experiment have one key: set the ring key to "random"')
    for n in sizes:
        stage.resize(n)
        yield measure(stage, n, load)


def under_profiles(
    stage: Stage, sizes: Sequence[int], strategies: Sequence[str], hashes: Sequence[str], load: Load
) -> Iterator[Run]:
    """A-4: every strategy with every request hash, at every size. The servers stay while the profiles change, so that
    all profiles see the same ring ids."""
    for n in sizes:
        stage.resize(n)
        for strategy, request_hash in itertools.product(strategies, hashes):
            stage.switch({"strategy": strategy, "request_hash": request_hash})
            yield measure(stage, n, load)
