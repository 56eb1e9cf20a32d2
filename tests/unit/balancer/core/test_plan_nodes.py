"""The plan where servers run on several nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from balancer.core.fleet import Fleet
from balancer.core.lost_nodes import NO_NODE_LOST, LostNodes
from balancer.core.observed import Observed
from balancer.core.plan import Plan, decide
from balancer.core.silence import Silences
from tests.unit.balancer.core.test_plan_spares import fleet, observed

CUT_OFF = LostNodes(unheard=frozenset({"w2"}), cut_off=frozenset({"w2"}))


def placed(of: Fleet, nodes: Mapping[str, str]) -> dict[str, Observed]:
    return {name: replace(container, node=nodes[name]) for name, container in observed(of).items()}


def decided(
    of: Fleet,
    seen: Mapping[str, Observed],
    *,
    silent: tuple[str, ...] = (),
    lost: LostNodes = NO_NODE_LOST,
    spares: int = 0,
) -> Plan:
    identities = frozenset(server.identity for server in of.servers if server.instance in silent)
    known = {server.identity for server in of.servers}
    answering = frozenset(known - identities)
    silences = Silences(silent=identities, answering=answering)
    return decide(of, seen, known=known, starting=0, claimed=(), silences=silences, spares=spares, lost=lost)


def test_a_spare_on_another_node_is_promoted_first() -> None:
    of = fleet(spares=2)
    seen = placed(of, {"S1": "w1", "S2": "w2", "S3": "w3", "P1": "w2", "P2": "w1"})
    seen["S2"] = replace(seen["S2"], running=False, status="its node w2 is down")
    plan = decided(of, seen, spares=2)
    assert plan.promote == ("P2",)
    assert plan.failed == {"S2": "its container is not running: its node w2 is down"}


def test_the_only_spare_is_promoted_wherever_it_is() -> None:
    of = fleet(spares=1)
    seen = placed(of, {"S1": "w1", "S2": "w2", "S3": "w3", "P1": "w2"})
    seen["S2"] = replace(seen["S2"], running=False)
    assert decided(of, seen, spares=1).promote == ("P1",)


def test_a_spare_on_a_lost_node_comes_last() -> None:
    of = fleet(spares=2)
    seen = placed(of, {"S1": "w1", "S2": "w3", "S3": "w3", "P1": "w2", "P2": "w3"})
    seen["S1"] = replace(seen["S1"], running=False)
    assert decided(of, seen, spares=2, lost=LostNodes(unheard=frozenset({"w2"}))).promote == ("P2",)


def test_silent_servers_on_a_node_that_is_cut_off_are_dead_and_the_others_stay() -> None:
    of = fleet(spares=0)
    seen = placed(of, {"S1": "w2", "S2": "w2", "S3": "w1"})
    plan = decided(of, seen, silent=("S1", "S2"), lost=CUT_OFF)
    assert plan.failed == dict.fromkeys(("S1", "S2"), "its node w2 is cut off")
    assert (plan.crowd, plan.start) == ((), 2)
    assert plan.fence == ("S1", "S2")


def test_until_it_is_cut_off_they_are_only_silent() -> None:
    of = fleet(spares=0)
    seen = placed(of, {"S1": "w2", "S2": "w2", "S3": "w1"})
    plan = decided(of, seen, silent=("S1", "S2"), lost=replace(CUT_OFF, cut_off=frozenset()))
    assert (plan.failed, plan.silenced, plan.crowd) == ({}, ("S1", "S2"), ())
    assert decided(of, seen, silent=("S1", "S2")).crowd == ("S1", "S2")


def test_servers_that_answer_stay_whatever_is_not_heard_of_their_edge() -> None:
    of = fleet(spares=0)
    seen = placed(of, {"S1": "w2", "S2": "w2", "S3": "w1"})
    plan = decided(of, seen, lost=CUT_OFF)
    assert (plan.failed, plan.silenced, plan.fence) == ({}, (), ())


@pytest.mark.parametrize("node", ["w1", "w2"])
def test_what_is_ending_is_off_the_ring_and_not_killed(node: str) -> None:
    """As the engine tells of a node that is drained: its servers finish what they have."""
    of = fleet(spares=0)
    seen = placed(of, {"S1": "w1", "S2": "w2", "S3": "w3"})
    ended = next(name for name, container in seen.items() if container.node == node)
    seen[ended] = replace(seen[ended], ending=True)
    plan = decided(of, seen)
    assert plan.failed == {ended: "somebody stops its container"}
    assert (plan.fence, plan.start) == ((), 1)
