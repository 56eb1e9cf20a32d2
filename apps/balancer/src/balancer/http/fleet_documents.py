"""The documents of the fleet API: who serves, and which servers shall be added or removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import ConfigDict, Field

from balancer.core.fleet_change import FleetChange
from balancer.http.documents import Hostname, WeightOfServer
from balancer.http.operation import Document

_OTHERS_ARE_IGNORED = ConfigDict(extra="ignore")


class Serving(Document):
    """Those who serve."""

    N: int = Field(ge=0, description="How many serve or are silent.")
    replicas: list[Hostname] = Field(description="In the order of joining.")


class Replicas(Document):
    """The servers that answer requests."""

    message: Serving
    status: Literal["successful"]

    @classmethod
    def of(cls, replicas: Sequence[str]) -> Replicas:
        return cls(message=Serving(N=len(replicas), replicas=list(replicas)), status="successful")


class Addition(Document):
    """Other fields are ignored."""

    model_config = _OTHERS_ARE_IGNORED

    n: int = Field(ge=1, description="How many servers to start.")
    hostnames: list[Hostname] = Field([], description="Names of some of them; the others' are made up.")
    weight: WeightOfServer = 1

    def change(self) -> FleetChange:
        return FleetChange(self.n, tuple(self.hostnames), self.weight)


class Removal(Document):
    """Other fields are ignored."""

    model_config = _OTHERS_ARE_IGNORED

    n: int = Field(ge=1, description="How many servers to remove.")
    hostnames: list[Hostname] = Field([], description="Some of them; the others are chosen at random.")

    def change(self) -> FleetChange:
        return FleetChange(self.n, tuple(self.hostnames))
