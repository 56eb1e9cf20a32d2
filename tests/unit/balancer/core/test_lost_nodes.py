"""Which nodes count as lost, by what is heard of their edges."""

from __future__ import annotations

import pytest

from balancer.core.edge import Edge
from balancer.core.lost_nodes import NO_NODE_LOST, LostNodes, lost_nodes

LEASE = 3.0


def edge(node: str, silent_for: float) -> Edge:
    return Edge(node=node, is_leased=silent_for < LEASE, is_serving=True, in_step=True, silent_for=silent_for)


def lost(**silent_for: float) -> LostNodes:
    return lost_nodes([edge(node, seconds) for node, seconds in silent_for.items()], lease=LEASE)


def test_a_node_is_unheard_without_a_lease_and_cut_off_after_two() -> None:
    assert lost(w1=0, w2=2.9, w3=1) == NO_NODE_LOST
    assert lost(w1=0, w2=3.0, w3=1) == LostNodes(unheard=frozenset({"w2"}))
    assert lost(w1=0, w2=6.0, w3=1) == LostNodes(unheard=frozenset({"w2"}), cut_off=frozenset({"w2"}))


def test_on_one_host_there_is_none() -> None:
    assert lost() == NO_NODE_LOST


@pytest.mark.parametrize(
    ("present", "silent", "is_believed"), [(2, 1, True), (3, 2, False), (4, 2, True), (1, 1, False)]
)
def test_where_most_are_silent_the_balancer_itself_is_cut_off(present: int, silent: int, is_believed: bool) -> None:
    found = lost(**{f"w{number}": 60.0 if number <= silent else 0.0 for number in range(1, present + 1)})
    assert bool(found.cut_off) is is_believed
