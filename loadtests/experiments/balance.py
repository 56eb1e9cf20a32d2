"""A-1, A-2 and A-4: how the requests are spread over N servers, under one ring profile or under each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.experiments.stage import Stage
from loadtests.experiments.swarm_run import Counted, Load, swarm
from loadtests.running import CannotMeasure
from loadtests.spread import Spread

_ATTEMPTS = 3
_ONE_KEY = ("path", "address")
_TOLD = ("ring_id", "slots", "share", "weight")
"""What GET /ring tells of a server, and a part keeps."""


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


@dataclass(frozen=True, slots=True)
class Step:
    """N servers under a ring profile; None: the one that is there."""

    n: int
    profile: Mapping[str, Any] | None = None


def measure(stage: Stage, step: Step, load: Load) -> Run:
    """Sends it, and all of it again where a server was replaced meanwhile, or somebody changed the ring. Raises
    CannotMeasure where that goes on, and where it would not be the ring that is measured."""
    for _ in range(_ATTEMPTS):
        stage.resize(step.n)
        if step.profile:
            stage.switch(step.profile)
        ring, servers = stage.ring(), stage.servers()
        if (key := ring["profile"]["key"]) in _ONE_KEY:
            raise CannotMeasure(f'by "{key}" all requests of an experiment have one key: set the ring key to "random"')
        with swarm(stage.system, load) as running:
            counted = running.counted()
        if stage.ring()["digest"] == ring["digest"]:
            return run_of(ring["profile"], servers, counted)
    raise CannotMeasure(f"the ring changed while it was measured, {_ATTEMPTS} times; try again on a quiet machine")


def run_of(profile: Mapping[str, Any], servers: Sequence[Mapping[str, Any]], counted: Counted) -> Run:
    """`servers` as GET /ring tells them. Raises CannotMeasure where others have answered."""
    on_ring = {server["hostname"]: {key: server[key] for key in _TOLD} for server in servers}
    if strangers := counted.servers.keys() - on_ring.keys():
        raise CannotMeasure(f"servers that are not on the ring have answered: {', '.join(sorted(strangers))}")
    parts = tuple(Part(server=name, requests=counted.servers.get(name, 0), **told) for name, told in on_ring.items())
    return Run(profile, parts, counted.requests, counted.failures, counted.duration, counted.latency)
