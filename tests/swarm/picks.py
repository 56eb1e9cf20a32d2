"""Which server each key gets through each edge, and whether the edges agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from loadtests.load.load import load
from loadtests.load.sender import LoadPlan

_AT_ONCE = 16
"""Requests that are open at each edge."""

Picks = Mapping[str, str]
"""key → server"""


def picks(urls: Mapping[str, str], keys: Sequence[str], *, at_once: int = _AT_ONCE) -> dict[str, Picks]:
    """node → what each key got through that node's edge, each asked once. Every request has to be answered at its first
    attempt. `urls`: node → the URL of its edge. `at_once`: requests that are open at each edge."""
    plans = {
        node: LoadPlan(url=url, requests=len(keys), keys=tuple(keys), most_open=at_once) for node, url in urls.items()
    }
    with ExitStack() as running:
        loads = {node: running.enter_context(load(plan)) for node, plan in plans.items()}
    for node, traffic in loads.items():
        assert traffic.failed == 0, f"{node}: {traffic}"
        assert {request.attempt for request in traffic.requests} == {1}, f"{node}: {traffic}"
    return {node: {request.key: request.server for request in traffic.requests} for node, traffic in loads.items()}


def disagreements(found: Mapping[str, Picks]) -> dict[str, dict[str, str]]:
    """key → node → server, of the keys for which two edges have different servers, or one has none."""
    keys = {key for of_node in found.values() for key in of_node}
    told = {key: {node: of_node.get(key, "") for node, of_node in found.items()} for key in keys}
    return {key: servers for key, servers in told.items() if len(set(servers.values())) > 1 or "" in servers.values()}
