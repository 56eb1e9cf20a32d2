"""The status: all that the balancer knows of itself, its servers and the data plane at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from balancer.core.certificate import Certificate
from balancer.core.edge import Edge
from balancer.core.fleet import Fleet
from balancer.core.prediction import Expectation
from balancer.core.server_load import LoadReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """`problems`: every part → whether it ails. `is_ready`: as /readyz says. `in_sync`: whether the data plane obeyed
    the fleet when that was last looked at. `keyless`: keyless requests, None where the data plane does not answer.
    `edges`: how many edges answer; 0 in the data plane flask. `old_processes`: of the edge; None where it does not
    tell. `edges_of_nodes`: the edges that were heard of on several hosts; none on one host."""

    fleet: Fleet
    spares_wanted: int
    expectations: tuple[Expectation, ...]
    load: LoadReport
    problems: Mapping[str, bool]
    certificates: tuple[Certificate, ...]
    is_ready: bool
    in_sync: bool
    keyless: int | None
    edges: int
    old_processes: int | None
    has_autoscaler: bool
    edges_of_nodes: tuple[Edge, ...] = ()
