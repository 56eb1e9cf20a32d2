"""Changes that come at the same time: one after the other, or refused, never mixed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from balancer.core.errors import Busy, InvalidRequest, RingmasterError, TooManyWait
from balancer.core.fleet import Server
from balancer.core.fleet_change import FleetChange
from balancer.core.release import Release
from balancer.service.change_queue import MOST_WAITING, ChangeQueue
from tests.polling import until
from tests.unit.balancer.in_memory import InMemoryBalancer


@contextmanager
def held_up(balancer: InMemoryBalancer) -> Iterator[threading.Event]:
    """Starting a server waits until the event is set; it is set at the end in any case."""
    go = threading.Event()
    start = balancer.runtime.start

    def wait_and_start(server: Server, release: Release, **_: object) -> None:
        assert go.wait(10)
        start(server, release)

    balancer.runtime.start = wait_and_start  # type: ignore[method-assign]
    try:
        yield go
    finally:
        go.set()


def many(balancer: InMemoryBalancer, changes: list[tuple[str, FleetChange]]) -> list[RingmasterError | None]:
    """All changes at once; the error of each, or None."""
    ready = threading.Barrier(len(changes))

    def ask(change: tuple[str, FleetChange]) -> RingmasterError | None:
        ready.wait(10)
        try:
            getattr(balancer.fleet, change[0])(change[1])
        except RingmasterError as error:
            return error
        return None

    with ThreadPoolExecutor(len(changes)) as users:
        return list(users.map(ask, changes))


def test_a_second_change_waits_for_the_first() -> None:
    balancer = InMemoryBalancer(change_timeout=10).started()
    with ThreadPoolExecutor(2) as users, held_up(balancer) as go:
        first: Future[tuple[str, ...]] = users.submit(balancer.fleet.add, FleetChange(1, ("S4",)))
        second = users.submit(balancer.fleet.add, FleetChange(1, ("S5",)))
        go.set()
        assert {first.result(10), second.result(10)} <= {
            ("S1", "S2", "S3", "S4"),
            ("S1", "S2", "S3", "S4", "S5"),
            ("S1", "S2", "S3", "S5"),
            ("S1", "S2", "S3", "S5", "S4"),
        }
    assert set(balancer.replicas) == {"S1", "S2", "S3", "S4", "S5"}
    balancer.step()
    assert balancer.is_sound()


class Line:
    """Users who stand in line for their turns, each behind the one before."""

    def __init__(self, timeout: float) -> None:
        self.queue = ChangeQueue(desired=InMemoryBalancer().started().desired, timeout=timeout)
        self.served: list[int] = []
        self.users = ThreadPoolExecutor(20)

    def join(self, user: int, *, is_own: bool = False) -> Future[None]:
        place = len(self.queue._waiting) + 1
        waiting = self.users.submit(self._take_a_turn, user, is_own)
        until(lambda: len(self.queue._waiting) == place, f"user {user} is in the queue", within=5, pause=0.0005)
        return waiting

    def _take_a_turn(self, user: int, is_own: bool = False) -> None:
        with self.queue.turn(is_own=is_own):
            self.served.append(user)


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    line = Line(timeout=10)
    with line.users:
        with line.queue.turn():
            for user in range(MOST_WAITING):
                line.join(user)
            assert line.served == []
        until(lambda: len(line.served) == MOST_WAITING, "everybody has had a turn", within=5, pause=0.001)
    assert line.served == list(range(MOST_WAITING))


def test_so_many_users_may_wait_and_the_next_one_is_refused_at_once() -> None:
    line = Line(timeout=10)
    with line.users:
        with line.queue.turn():
            waiting = [line.join(user) for user in range(MOST_WAITING)]
            with pytest.raises(TooManyWait, match="8 changes of the fleet wait for their turn already"):
                line._take_a_turn(99)
        for place in waiting:
            place.result(10)
        line._take_a_turn(100)
    assert line.served == [*range(MOST_WAITING), 100]


def test_the_balancers_own_change_is_let_in_however_many_users_wait() -> None:
    line = Line(timeout=10)
    with line.users:
        with line.queue.turn():
            for user in range(MOST_WAITING):
                line.join(user)
            own = line.join(50, is_own=True)
            with pytest.raises(TooManyWait):
                line._take_a_turn(99)
        own.result(10)
    assert line.served == [*range(MOST_WAITING), 50]


def test_the_balancers_own_changes_take_no_place_from_users() -> None:
    line = Line(timeout=10)
    with line.users:
        with line.queue.turn():
            for own in range(MOST_WAITING):
                line.join(own, is_own=True)
            line.join(50).cancel()
        until(lambda: len(line.served) == MOST_WAITING + 1, "everybody has had a turn", within=5, pause=0.001)


def test_the_balancers_own_change_waits_longer_than_a_user_would() -> None:
    line = Line(timeout=0.01)
    with line.users:
        with line.queue.turn():
            own = line.join(1, is_own=True)
            user = line.join(2)
            with pytest.raises(Busy):
                user.result(10)
            assert not own.done()
        own.result(10)
    assert line.served == [1]


def test_of_forty_additions_at_once_the_surplus_is_refused_and_the_fleet_is_sound() -> None:
    balancer = InMemoryBalancer(change_timeout=30).started()
    with ThreadPoolExecutor(41) as users, held_up(balancer) as go:
        first = users.submit(balancer.fleet.add, FleetChange(1, ("S4",)))
        until(lambda: bool(balancer.workers.claims.instances), "it starts its server", within=5, pause=0.001)
        others = [users.submit(balancer.fleet.add, FleetChange(1)) for _ in range(40)]
        until(lambda: sum(other.done() for other in others) == 32, "the surplus is refused", within=5, pause=0.001)
        assert all(isinstance(other.exception(), TooManyWait) for other in others if other.done())
        assert balancer.replicas == ("S1", "S2", "S3")
        go.set()
        first.result(10)
        for other in others:
            other.exception(10)
    assert len(balancer.replicas) == 3 + 1 + MOST_WAITING
    assert balancer.is_sound()


def test_who_has_had_a_turn_asks_again_behind_those_who_wait() -> None:
    line = Line(timeout=10)
    with line.users:
        with line.queue.turn():
            line.join(1)
        line._take_a_turn(2)
    assert line.served == [1, 2]


def test_whoever_gives_up_keeps_nobody_behind_waiting() -> None:
    line = Line(timeout=0.01)
    with line.users:
        with line.queue.turn():
            impatient = line.join(1)
            with pytest.raises(Busy, match="another change of the fleet is running"):
                impatient.result(10)
            line.queue._timeout = 10
            patient = line.join(2)
        patient.result(10)
    assert line.served == [2]


def test_a_change_that_waited_too_long_is_refused_and_nothing_is_changed_by_it() -> None:
    balancer = InMemoryBalancer(change_timeout=0.01).started()
    with ThreadPoolExecutor(1) as users, held_up(balancer) as go:
        first = users.submit(balancer.fleet.add, FleetChange(1, ("S4",)))
        while not balancer.workers.claims.instances:
            pass
        with pytest.raises(Busy, match="another change of the fleet is running"):
            balancer.fleet.add(FleetChange(1, ("S5",)))
        with pytest.raises(Busy, match="another change of the fleet is running"):
            balancer.fleet.remove(FleetChange(1, ("S1",)))
        go.set()
        assert first.result(10) == ("S1", "S2", "S3", "S4")
    assert balancer.is_sound()


def test_while_a_change_runs_everybody_can_see_who_serves() -> None:
    balancer = InMemoryBalancer().started()
    with ThreadPoolExecutor(1) as users, held_up(balancer) as go:
        first = users.submit(balancer.fleet.add, FleetChange(1, ("S4",)))
        while not balancer.workers.claims.instances:
            pass
        assert balancer.replicas == ("S1", "S2", "S3")
        balancer.reconciler.step()
        assert balancer.replicas == ("S1", "S2", "S3")
        go.set()
        assert first.result(10) == ("S1", "S2", "S3", "S4")
    assert balancer.is_sound()


def test_a_server_that_fails_while_servers_are_added_is_replaced_meanwhile() -> None:
    balancer = InMemoryBalancer().started()
    with ThreadPoolExecutor(1) as users, held_up(balancer) as go:
        first = users.submit(balancer.fleet.add, FleetChange(1, ("S4",)))
        while not balancer.workers.claims.instances:
            pass
        balancer.runtime.die("S2")
        balancer.reconciler.step()
        go.set()
        first.result(10)
    balancer.steps(3)
    assert len(balancer.replicas) == 4
    assert {"S1", "S3", "S4"} < set(balancer.replicas)
    assert balancer.is_sound()


def test_of_two_additions_of_one_name_one_is_refused(balancer: InMemoryBalancer) -> None:
    errors = many(balancer, [("add", FleetChange(1, ("S4",))), ("add", FleetChange(1, ("s4",)))])
    assert [type(error) for error in errors if error] == [InvalidRequest]
    assert len(balancer.replicas) == 4
    assert balancer.is_sound()


def test_additions_and_removals_at_once_end_in_a_sound_fleet_of_the_right_size() -> None:
    balancer = InMemoryBalancer(change_timeout=30).started()
    changes = [
        ("add", FleetChange(2)),
        ("remove", FleetChange(1)),
        ("add", FleetChange(1)),
        ("remove", FleetChange(1)),
        ("add", FleetChange(3)),
    ]
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            balancer.reconciler.step()

    steps = threading.Thread(target=look)
    steps.start()
    try:
        errors = many(balancer, changes)
    finally:
        stop.set()
        steps.join()
    assert errors == [None] * 5
    balancer.settle()
    balancer.step()
    assert len(balancer.replicas) == 3 + 2 - 1 + 1 - 1 + 3
    assert balancer.is_sound()


def test_the_turn_is_free_again_after_an_error(balancer: InMemoryBalancer) -> None:
    for _ in range(3):
        with pytest.raises(InvalidRequest):
            balancer.fleet.add(FleetChange(1, ("S1",)))
    assert "S4" in balancer.fleet.add(FleetChange(1, ("S4",)))
