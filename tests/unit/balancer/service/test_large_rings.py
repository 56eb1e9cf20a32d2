"""Large rings: a change makes its slot table for seconds, and a server that fails meanwhile leaves the ring at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from balancer.core.fleet_change import FleetChange
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Maglev, Table
from balancer.core.strategies.strategy import table_of
from tests.polling import until
from tests.unit.balancer.in_memory import InMemoryBalancer

USER = "user"


@pytest.fixture
def placing(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Set when a user's change begins to make its slot table. Such a table is made when the test ends the wait."""
    table_of.cache_clear()
    begun, go = threading.Event(), threading.Event()
    for strategy in (Table, Maglev):
        place = strategy._place

        def slow(
            self: Table | Maglev,
            members: Collection[Member],
            current: SlotTable,
            place: Callable[..., SlotTable] = place,
        ) -> SlotTable:
            if threading.current_thread().name.startswith(USER) and not begun.is_set():
                begun.set()
                assert go.wait(10)
            return place(self, members, current)

        monkeypatch.setattr(strategy, "_place", slow)
    begun.go = go.set  # type: ignore[attr-defined]
    yield begun
    go.set()


CHANGES: dict[str, Callable[[InMemoryBalancer], object]] = {
    "add": lambda balancer: balancer.fleet.add(FleetChange(1)),
    "remove": lambda balancer: balancer.fleet.remove(FleetChange(1, ("S3",))),
    "weigh": lambda balancer: balancer.ring.weigh("S1", 7),
    "switch": lambda balancer: balancer.ring.switch({"strategy": "maglev"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_failed_server_leaves_the_ring_while_a_change_makes_its_table(
    balancer: InMemoryBalancer, placing: threading.Event, change: str
) -> None:
    with ThreadPoolExecutor(1, thread_name_prefix=USER) as users:
        changed = users.submit(CHANGES[change], balancer)
        until(placing.is_set, "the change makes its table", within=5, pause=0.001)
        balancer.runtime.die("S2")
        balancer.step()
        assert "S2" not in {balancer.plane.answer(slot) for slot in range(512)}
        assert not changed.done()
        placing.go()  # type: ignore[attr-defined]
        changed.result(10)
    balancer.steps(2)
    assert balancer.is_sound()
