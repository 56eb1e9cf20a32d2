"""The status of a balancer in memory, as metrics tell it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from balancer.core.errors import PlaneUnavailable
from balancer.core.server_load import LoadReport, ServerLoad
from balancer.core.status import Status
from balancer.service import status_report
from balancer.service.problems import Part
from balancer.service.status_report import StatusReport
from tests.unit.balancer.in_memory import InMemoryBalancer

LOAD = LoadReport(20.0, 10.0, (ServerLoad("S1", 1.0, 0.0, 0, 0.1, 9, 0, 1.0, 1.0),), None)


class Edge:
    """An EdgeMetrics with so many old processes; None while it does not answer."""

    def __init__(self, count: int | None) -> None:
        self._count = count

    def exposition(self) -> str:
        raise NotImplementedError

    def old_processes(self) -> int:
        if self._count is None:
            raise PlaneUnavailable("the edge does not answer")
        return self._count


def report(balancer: InMemoryBalancer, edge: Edge | None = None) -> StatusReport:
    services = balancer.services
    return StatusReport(
        desired=services.desired,
        plane=balancer.plane,
        edge=edge,
        edges=services.edge_watch,
        health=services.health,
        problems=services.problems,
        watch=services.certificate_watch,
        load=lambda: LOAD,
        spares=2,
        has_autoscaler=True,
    )


def status(balancer: InMemoryBalancer, edge: Edge | None = None) -> Status:
    return report(balancer, edge).status()


def test_a_whole_fleet(balancer: InMemoryBalancer) -> None:
    told = status(balancer, Edge(1))
    assert told.fleet is balancer.desired.fleet
    assert [expected.server.hostname for expected in told.expectations] == ["S1", "S2", "S3"]
    assert sum(expected.share for expected in told.expectations) == pytest.approx(1)
    assert (told.load, told.spares_wanted, told.has_autoscaler) == (LOAD, 2, True)
    assert (told.is_ready, told.in_sync, told.keyless, told.edges, told.old_processes) == (True, True, 0, 1, 1)


def test_every_part_is_told_whether_it_ails(balancer: InMemoryBalancer) -> None:
    assert status(balancer).problems == {str(part): False for part in Part}
    balancer.problems.report(Part.PLANE, "the edge does not answer")
    told = status(balancer)
    assert told.problems == {str(part): part is Part.PLANE for part in Part}
    assert not told.is_ready


def test_the_flask_plane_has_no_edge_and_no_old_processes(balancer: InMemoryBalancer) -> None:
    told = status(balancer)
    assert (told.edges, told.old_processes, told.keyless) == (0, 0, 0)


def test_while_the_plane_is_away_the_rest_is_known(balancer: InMemoryBalancer) -> None:
    balancer.plane.away.arm()
    balancer.step()
    told = status(balancer, Edge(None))
    assert (told.keyless, told.edges, told.old_processes) == (None, 0, None)
    assert (told.in_sync, told.is_ready) == (False, False)
    assert len(told.expectations) == 3


def test_a_master_that_executes_itself_again_does_not_make_the_edge_away(balancer: InMemoryBalancer) -> None:
    told = status(balancer, Edge(None))
    assert (told.edges, told.old_processes) == (1, None)


def test_a_server_that_is_down_has_no_share_and_keeps_its_slots(balancer: InMemoryBalancer) -> None:
    balancer.runtime.die("S2")
    balancer.runtime.away.arm(after=1)
    balancer.reconciler.step()
    down = next(expected for expected in status(balancer).expectations if expected.server.hostname == "S2")
    assert (down.share, down.slots > 0) == (0.0, True)


def test_shares_are_computed_once_for_each_fleet(balancer: InMemoryBalancer, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[object] = []
    original = status_report.expectations

    def counting(*arguments: object) -> object:
        computed.append(arguments)
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(status_report, "expectations", counting)
    one = report(balancer)
    for _ in range(3):
        one.status()
    assert len(computed) == 1
    balancer.ring.weigh("S1", 2)
    assert one.status().expectations[0].server.weight == 2
    assert len(computed) == 2


def test_it_waits_for_nobody_who_changes_the_fleet(balancer: InMemoryBalancer) -> None:
    """The fleet's lock may be entered twice by one thread, so the status is asked for in another one."""
    with balancer.desired.lock, ThreadPoolExecutor(1) as pool:
        assert pool.submit(status, balancer).result(timeout=10).is_ready
