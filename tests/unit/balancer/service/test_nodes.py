"""What is known of the nodes of containers."""

from __future__ import annotations

from balancer.core.observed import Observed
from balancer.service.nodes import Nodes


def seen(**nodes: str) -> dict[str, Observed]:
    return {name: Observed(name, 1, running=True, node=node) for name, node in nodes.items()}


def test_a_node_is_known_from_the_first_observation_on() -> None:
    nodes = Nodes()
    assert nodes.of("S1") == ""
    nodes.observed(seen(S1="w1", S2="w2"))
    assert (nodes.of("S1"), nodes.of("S2"), nodes.of("S3")) == ("w1", "w2", "")


def test_a_container_that_runs_elsewhere_is_there() -> None:
    nodes = Nodes()
    nodes.observed(seen(S1="w1"))
    nodes.observed(seen(S1="w2"))
    assert nodes.of("S1") == "w2"


def test_who_is_gone_is_remembered_for_a_while() -> None:
    nodes = Nodes()
    nodes.observed(seen(S1="w1", S2="w2"))
    nodes.observed(seen(S2="w2"))
    assert nodes.of("S1") == "w1"
    for number in range(1002):
        nodes.observed(seen(**{f"x{number}": "w3"}))
    assert (nodes.of("S1"), nodes.of("x1001")) == ("", "w3")


def test_on_one_host_nothing_is_known() -> None:
    nodes = Nodes()
    nodes.observed(seen(S1=""))
    assert nodes.of("S1") == ""
