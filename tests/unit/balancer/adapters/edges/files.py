"""Files of edges, as the tests need them, and what they say of a hub."""

from __future__ import annotations

import random
from fractions import Fraction

from balancer.adapters.edges.hub import EdgeHub
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.core.edge import Edge
from balancer.core.routes import Backend
from tests.polling import until

LEASE = 1.0


def files(
    digest: str = "a",
    *,
    servers: int = 3,
    slots: int = 64,
    first: int = 1,
    bound: Fraction | None = None,
    fixed: str = "f",
    draining: bool = False,
) -> EdgeFiles:
    backends = tuple(
        Backend(f"S{number}", f"10.0.{number // 256}.{number % 256}:5000", draining=draining, weight=1 + number % 2)
        for number in range(first, first + servers)
    )
    draw = random.Random(digest)  # noqa: S311 (it must repeat itself)
    return EdgeFiles(
        digest=digest,
        fixed_digest=fixed,
        configuration="global\n\n" + "".join(f"    server {one.instance} {one.address}\n" for one in backends) + "end",
        slots=tuple(draw.choice(backends).instance if backends and draw.random() < 0.9 else "" for _ in range(slots)),
        backends=backends,
        bound=bound,
        server_options={"http": "check", "h2c": "check proto h2"},
    )


def edge_of(hub: EdgeHub, node: str) -> Edge | None:
    return next((edge for edge in hub.edges() if edge.node == node), None)


def until_leased(hub: EdgeHub, *nodes: str) -> None:
    """Until these have a lease and serve, and the hub no longer waits for others."""
    until(lambda: {one.node for one in hub.edges() if one.is_serving} >= set(nodes), f"{nodes} serve", within=5)


def until_lost(hub: EdgeHub, node: str) -> None:
    until(lambda: (found := edge_of(hub, node)) and not found.is_leased, f"{node} is lost", within=5)
