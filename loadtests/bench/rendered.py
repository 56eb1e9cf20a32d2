"""The edge's configuration for the fleet of the benchmark, with its usual settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from balancer.adapters.haproxy.config import edge_files
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.adapters.haproxy.tls import Tls
from balancer.bootstrap.planes import edge_options
from balancer.core.key_source import KeySource
from balancer.core.routes import Backend, Routes
from balancer.settings import read

NAMES = ("S1", "S2", "S3")
SLOTS = 512


def rendered(
    *,
    bufsize: int,
    key: str = "header:X-User",
    bound: Fraction | None = None,
    tls: Tls | None = None,
    addresses: Sequence[str] = tuple(f"{name}:5000" for name in NAMES),
) -> EdgeFiles:
    routes = Routes(
        tuple(NAMES[slot % len(NAMES)] for slot in range(SLOTS)),
        tuple(Backend(name, address) for name, address in zip(NAMES, addresses, strict=True)),
        key=KeySource.parse(key),
    )
    return edge_files(replace(edge_options(read({})), bufsize=bufsize, tls=tls), replace(routes, bound=bound))
