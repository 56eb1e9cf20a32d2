"""Everybody at once: users, deploys, rings and failures in random order, while the balancer's loops run."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest

from balancer.core.errors import Busy, InvalidRequest, StartFailed, UnknownServer
from balancer.core.fleet_change import FleetChange
from balancer.core.lifecycle import State
from balancer.service.change_queue import ChangeQueue
from tests.polling import until
from tests.unit.balancer.in_memory import InMemoryBalancer
from tests.unit.balancer.rolling import NEW, OLD

PROFILES: list[dict[str, object]] = [
    {"strategy": "table", "slots": 64},
    {"strategy": "ring", "slots": 512},
    {"strategy": "maglev", "slots": 256},
]
CALLERS = 5
CALLS = 8
"""Of each caller."""


@contextmanager
def loops(balancer: InMemoryBalancer) -> Iterator[list[BaseException]]:
    """Steps, heartbeats and the roll, each in a thread; yields what they did not expect."""
    stopped = threading.Event()
    unforeseen: list[BaseException] = []

    def forever(loop: Callable[[], object]) -> None:
        while not stopped.is_set():
            try:
                with suppress(Busy):
                    loop()
            except BaseException as error:  # A defect ends the test, not the thread alone.
                unforeseen.append(error)
                return
            stopped.wait(0.0005)

    def step() -> None:
        balancer.reconciler.step()
        balancer.clock.sleep(0.2)

    threads = [
        threading.Thread(target=forever, args=(loop,))
        for loop in (step, lambda: balancer.beat(1), balancer.rollout.carry_out_surge)
    ]
    for thread in threads:
        thread.start()
    try:
        yield unforeseen
    finally:
        stopped.set()
        for thread in threads:
            thread.join(30)


def fail(balancer: InMemoryBalancer, chance: random.Random) -> None:
    """Some container of the fleet dies, vanishes or hangs."""
    instance = chance.choice([server.instance for server in balancer.desired.fleet.servers] or [""])
    with suppress(KeyError):  # It is gone by now, or not there yet.
        chance.choice([balancer.runtime.die, balancer.runtime.vanish, balancer.runtime.hang])(instance)


def call(balancer: InMemoryBalancer, chance: random.Random) -> int:
    """One random call: by how much N is larger now. All that a user may be told is that somebody else is on it, that
    nobody is on it, that there are not so many servers, or that a new one failed; and nobody waits for ever."""
    kind = chance.choice(["add", "add", "remove", "deploy", "cancel", "ring", "weigh", "fail", "fail"])
    n = chance.randint(1, 2)
    try:
        if kind == "add":
            balancer.fleet.add(FleetChange(n))
            return n
        if kind == "remove":
            balancer.fleet.remove(FleetChange(n))
            return -n
        if kind == "deploy":
            balancer.rollout.begin({"image": f"app:{chance.randint(1, 9)}"})
        elif kind == "cancel":
            balancer.rollout.cancel()
        elif kind == "ring":
            balancer.ring.switch(chance.choice(PROFILES))
        elif kind == "weigh":
            balancer.ring.weigh(chance.choice(balancer.replicas or ("S1",)), chance.randint(1, 3))
        else:
            fail(balancer, chance)
    except (InvalidRequest, Busy, StartFailed, UnknownServer) as refusal:
        if "another change of the fleet is running" in str(refusal):
            raise
    return 0


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_at_once_ends_with_as_many_servers_as_there_shall_be(seed: int) -> None:
    balancer = InMemoryBalancer(
        release=OLD, spares=seed % 2, surge=1 + seed % 3, max_servers=9, change_timeout=60, seed=seed
    ).started()

    def calls(caller: int) -> int:
        chance = random.Random(f"{seed} {caller}")  # noqa: S311 (it must repeat itself)
        return sum(call(balancer, chance) for _ in range(CALLS))

    with loops(balancer) as unforeseen:
        with ThreadPoolExecutor(CALLERS) as users:
            grown = sum(users.map(calls, range(CALLERS), timeout=60))
        until(
            lambda: unforeseen or (not balancer.rollout.is_running and not balancer.workers.claims.instances),
            "the deploy has ended",
            within=30,
            pause=0.002,
        )
    assert not unforeseen
    for _ in range(4):
        balancer.clock.sleep(60)
        balancer.beat()
        balancer.step()
    fleet = balancer.desired.fleet
    assert len(balancer.replicas) == fleet.target == 3 + grown
    assert balancer.is_sound()
    assert len({server.ring_id for server in fleet.servers}) == len(fleet.servers)
    running = [container for container in balancer.runtime.observe().values() if container.running]
    assert len(running) == fleet.target + len(fleet.of(State.SPARE))


def test_changes_are_carried_out_in_the_order_in_which_they_came() -> None:
    balancer = InMemoryBalancer().started()
    queue = ChangeQueue(desired=balancer.desired, timeout=30)
    order: list[int] = []

    def change(number: int) -> None:
        with queue.turn():
            order.append(number)

    with ThreadPoolExecutor(8) as users:
        with queue.turn():
            waiting: list[Future[None]] = []
            for number in range(8):
                waiting.append(users.submit(change, number))
                until(lambda: waits(queue) == len(waiting), "the change waits", within=10, pause=0.0005)
        for done in waiting:
            done.result(10)
    assert order == list(range(8))


def waits(queue: ChangeQueue) -> int:
    """How many changes wait behind the one whose turn it is."""
    return len(queue._waiting) - 1


def test_a_change_that_gives_up_waiting_holds_up_nobody_behind_it() -> None:
    balancer = InMemoryBalancer().started()
    patient, impatient = 30.0, 0.0
    queue = ChangeQueue(desired=balancer.desired, timeout=patient)

    def change() -> bool:
        with queue.turn():
            return True

    with ThreadPoolExecutor(1) as users:
        with queue.turn():
            queue._timeout = impatient
            with pytest.raises(Busy, match="another change of the fleet is running"):
                change()
            queue._timeout = patient
            behind = users.submit(change)
            until(lambda: waits(queue) == 1, "the change waits", within=10, pause=0.0005)
        assert behind.result(10)
    assert waits(queue) == -1


def test_users_get_their_turn_while_a_roll_goes_on() -> None:
    balancer = InMemoryBalancer(
        initial=tuple(f"S{number}" for number in range(1, 9)), release=OLD, change_timeout=30
    ).started()
    left: list[int] = []
    balancer.rollout.begin(NEW)
    with loops(balancer) as unforeseen:
        for _ in range(3):
            balancer.fleet.add(FleetChange(1))
            left.append(sum(server.release == 1 for server in balancer.desired.fleet.of(State.SERVING)))
        until(lambda: unforeseen or not balancer.rollout.is_running, "the deploy has ended", within=30, pause=0.002)
    assert not unforeseen
    assert left[0] > 0
    balancer.steps(3)
    assert len(balancer.replicas) == 11
    assert {balancer.runtime.release(server.instance).image for server in balancer.desired.fleet.servers} == {"app:2"}
    assert balancer.is_sound()
