"""Lost nodes: Swarm nodes of whose edges nothing is heard. What runs there may go on; nobody here can say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from balancer.core.edge import Edge

_CUT_OFF_AFTER = 2
"""Leases without a word after which a node counts as cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostNodes:
    """The names of nodes. `unheard`: the lease of their edge is over. `cut_off`: those of them that were unheard for
    two leases."""

    unheard: frozenset[str] = frozenset()
    cut_off: frozenset[str] = frozenset()


NO_NODE_LOST = LostNodes()


def lost_nodes(edges: Collection[Edge], *, lease: float) -> LostNodes:
    """The nodes that these edges tell to be lost. `lease`: in seconds.

    Where more than half of the edges have no lease at once, it is rather the balancer's own node that is cut off: then
    none of the others counts as lost.
    """
    silent = [edge for edge in edges if not edge.is_leased]
    if 2 * len(silent) > len(edges):
        return NO_NODE_LOST
    return LostNodes(
        unheard=frozenset(edge.node for edge in silent),
        cut_off=frozenset(edge.node for edge in silent if edge.silent_for >= _CUT_OFF_AFTER * lease),
    )
