"""Two balancers over one fleet: the one that started last looks after it; the other one finds out before it acts."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from balancer.core.errors import Superseded
from balancer.core.event import EventKind
from balancer.core.fleet_change import FleetChange
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.core.routes import routes
from balancer.http.public import create_public_app
from tests.polling import until
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app, gate

WHAT_TO_DO = "This one has stopped and changes nothing any more"


def successor(balancer: InMemoryBalancer) -> InMemoryBalancer:
    """Another balancer of the same fleet, which has just taken it up. The first one does not know yet."""
    other = InMemoryBalancer(balancer.world, store=balancer.store.another())
    other.step()
    assert other.health.report()["ready"]
    return other


def touched(balancer: InMemoryBalancer) -> tuple[object, ...]:
    """What a balancer may have done: its servers, what it published and what it saved."""
    runtime = balancer.runtime
    containers = {(item.instance, item.id) for item in runtime.observe().values()}
    return containers, list(runtime.killed), list(runtime.stopped), balancer.plane.routes, balancer.store.saved


def edges_let_go(balancer: InMemoryBalancer) -> list[None]:
    """Has an item for each time that the balancer lets go of its edges, from now on."""
    times: list[None] = []
    balancer.services._ports = replace(balancer.ports, on_loss=lambda: times.append(None))
    return times


def has_stopped(balancer: InMemoryBalancer) -> bool:
    report = balancer.health.report()
    return not report["ready"] and WHAT_TO_DO in report["ailments"].get("state", "")


def test_two_balancers_of_which_neither_acts_look_after_the_same_fleet(balancer: InMemoryBalancer) -> None:
    other = successor(balancer)
    before = touched(balancer)
    balancer.steps(2)
    other.steps(2)
    assert touched(balancer) == before
    assert other.health.report()["ready"]


def test_a_server_that_the_first_one_does_not_know_is_not_killed_by_it(balancer: InMemoryBalancer) -> None:
    """It has nothing to save: to it the container is an orphan."""
    other = successor(balancer)
    other.fleet.add(FleetChange(1, ("S9",)))
    balancer.steps(3)
    assert "S9" in balancer.runtime.names
    assert not balancer.runtime.killed
    assert not [event for event in balancer.events.since(0).events if event.kind is EventKind.FENCED]
    assert has_stopped(balancer)
    assert other.is_sound()


def test_a_failure_is_handled_by_one_of_them(balancer: InMemoryBalancer) -> None:
    other = successor(balancer)
    balancer.runtime.vanish("S2")
    other.steps(2)
    assert other.is_sound()
    before = touched(balancer)
    balancer.steps(3)
    assert touched(balancer) == before
    assert has_stopped(balancer)


def test_where_the_first_one_finds_the_failure_first_it_has_lost_all_the_same(balancer: InMemoryBalancer) -> None:
    other = successor(balancer)
    balancer.runtime.vanish("S2")
    before = touched(balancer)
    balancer.steps(3)
    assert touched(balancer) == before
    assert has_stopped(balancer)
    other.steps(2)
    assert other.is_sound()


def test_the_plane_obeys_the_other_one(balancer: InMemoryBalancer) -> None:
    """To the first one the plane seems to have lost its routes."""
    other = successor(balancer)
    other.ring.weigh("S1", 0)
    published = balancer.plane.routes
    balancer.steps(2)
    assert balancer.plane.routes == published == routes(other.desired.fleet)
    assert has_stopped(balancer)


def test_containers_keep_the_names_that_the_other_one_gives_them(balancer: InMemoryBalancer) -> None:
    successor(balancer).runtime.rename("S1", "S1.spare")
    balancer.steps(2)
    assert balancer.runtime.observe()["S1"].container_name == "S1.spare"
    assert has_stopped(balancer)


def test_after_the_loss_a_step_does_not_even_look(balancer: InMemoryBalancer) -> None:
    successor(balancer)
    let_go = edges_let_go(balancer)
    with pytest.raises(Superseded):
        balancer.desired.confirm()
    assert let_go
    balancer.runtime.away.arm()
    balancer.plane.away.arm()
    balancer.reconciler.step()
    assert set(balancer.health.report()["ailments"]) == {"state"}


def test_what_another_thread_finds_out_during_a_step_is_not_said_to_be_well(balancer: InMemoryBalancer) -> None:
    successor(balancer)

    def find_out(_: int) -> None:
        with pytest.raises(Superseded):
            balancer.desired.confirm()

    balancer.services.starter.start = find_out  # type: ignore[method-assign]
    balancer.reconciler.step()
    assert has_stopped(balancer)
    assert not [event for event in balancer.events.since(0).events if event.facts.get("part") == "state"][1:]


def test_every_change_is_refused_with_the_reason(balancer: InMemoryBalancer) -> None:
    other = successor(balancer)
    other.fleet.add(FleetChange(1, ("S9",)))
    before = touched(balancer)
    for change in (
        lambda: balancer.fleet.add(FleetChange(1, ("S7",))),
        lambda: balancer.fleet.add(FleetChange(1, ("not a name",))),
        lambda: balancer.fleet.remove(FleetChange(1, ("S1",))),
        lambda: balancer.ring.weigh("S1", 3),
        lambda: balancer.ring.switch({"strategy": "maglev"}),
        lambda: balancer.rollout.begin({"image": "app:2"}),
        balancer.rollout.cancel,
    ):
        with pytest.raises(Superseded, match=f"another balancer has saved the fleet.*{WHAT_TO_DO}"):
            change()
    assert touched(balancer) == before
    assert has_stopped(balancer)


def test_it_is_said_once_as_an_event_and_at_every_step_as_a_problem(balancer: InMemoryBalancer) -> None:
    successor(balancer)
    with pytest.raises(Superseded):
        balancer.ring.weigh("S1", 3)
    assert has_stopped(balancer), "at once"
    balancer.steps(5)
    assert has_stopped(balancer)
    told = [event for event in balancer.events.since(0).events if event.facts.get("part") == "state"]
    assert [event.kind for event in told] == [EventKind.AILING]
    assert WHAT_TO_DO in told[0].reason


def test_control_answers_503_and_what_is_served_goes_on(balancer: InMemoryBalancer) -> None:
    successor(balancer)
    control = control_app(balancer).test_client()
    public = create_public_app(balancer.fleet, gate=gate(balancer), forward=None).test_client()
    for refused in (
        public.post("/add", json={"n": 1, "hostnames": []}),
        public.delete("/rm", json={"n": 1, "hostnames": []}),
        control.patch("/servers/S1", json={"weight": 3}),
        control.put("/ring", json={"strategy": "maglev"}),
        control.post("/deploy", json={"image": "app:2"}),
    ):
        assert refused.status_code == 503, refused.text
        assert WHAT_TO_DO in refused.text
    ready = control.get("/readyz")
    assert ready.status_code == 503
    assert WHAT_TO_DO in ready.get_json()["ailments"]["state"]
    assert control.get("/healthz").status_code == 200
    assert public.get("/rep").status_code == 200
    assert {balancer.plane.answer(slot) for slot in range(512)} == {"S1", "S2", "S3"}


def test_servers_that_it_was_starting_are_left_to_the_other_one(balancer: InMemoryBalancer) -> None:
    taken_over: list[InMemoryBalancer] = []
    publish = balancer.desired.prepare

    def take_over_before_they_serve(make: object) -> None:
        if balancer.desired.fleet.of(State.JOINING) and not taken_over:
            taken_over.append(InMemoryBalancer(balancer.world, store=balancer.store.another()))
            taken_over[0].services.restorer.restore()
        publish(make)  # type: ignore[arg-type]

    balancer.desired.prepare = take_over_before_they_serve  # type: ignore[method-assign]
    with pytest.raises(Superseded):
        balancer.fleet.add(FleetChange(1, ("S9",)))
    assert not balancer.runtime.killed
    assert "S9" in balancer.runtime.names
    other = taken_over[0]
    other.steps(3)
    assert other.is_sound()


def test_a_server_that_drains_is_not_stopped_after_the_loss(
    balancer: InMemoryBalancer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    drained = threading.Event()
    sleep = balancer.clock.sleep

    def wait(seconds: float) -> None:
        drained.wait(10)
        sleep(seconds)

    balancer.clock.sleep = wait  # type: ignore[method-assign]
    with ThreadPoolExecutor(1) as pool:
        removal = pool.submit(balancer.fleet.remove, FleetChange(1, ("S2",)))
        until(lambda: balancer.desired.fleet.of(State.LEAVING), "it drains", within=5, pause=0.001)
        other = InMemoryBalancer(balancer.world, store=balancer.store.another())
        other.services.restorer.restore()
        with pytest.raises(Superseded):
            balancer.desired.change(lambda fleet: fleet.weighed("S1", 5))
        drained.set()
        assert isinstance(removal.exception(10), Superseded)
    balancer.clock.sleep = sleep  # type: ignore[method-assign]
    assert not balancer.runtime.stopped
    assert "S2" in balancer.runtime.names
    other.steps(2)
    assert "S2" not in balancer.runtime.names
    assert other.is_sound()


@pytest.mark.parametrize("is_lifeless", [False, True])
def test_a_loss_during_a_drain_is_found_out_before_the_server_is_stopped(
    balancer: InMemoryBalancer, *, is_lifeless: bool
) -> None:
    """Nothing else is saved meanwhile."""
    balancer.desired.change(lambda fleet: fleet.begin_leave(["S2"]))
    sleep, taken_over = balancer.clock.sleep, threading.Event()
    if is_lifeless:
        balancer.services.workers._cannot_finish = lambda _: taken_over.is_set()

    def take_over(seconds: float) -> None:
        if not taken_over.is_set():
            taken_over.set()
            InMemoryBalancer(balancer.world, store=balancer.store.another()).services.restorer.restore()
        sleep(seconds)

    balancer.clock.sleep = take_over  # type: ignore[method-assign]
    with pytest.raises(Superseded):
        balancer.services.workers.retire(["S2"])
    assert "S2" in balancer.runtime.names
    assert not [event for event in balancer.events.since(0).events if event.kind is EventKind.FENCED]


def test_the_loops_that_act_rest(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin({"image": "app:2"})
    InMemoryBalancer(balancer.world, store=balancer.store.another()).step()
    with pytest.raises(Superseded):
        balancer.desired.confirm()
    before = touched(balancer)
    rounds = balancer.services.loops()._rounds
    assert [rounds[name]() for name in ("rollout", "slow start", "image")] == [1.0, 1.0, 1.0]
    assert touched(balancer) == before


def test_a_deploy_goes_on_with_the_other_one(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin({"image": "app:2"})
    other = InMemoryBalancer(balancer.world, store=balancer.store.another())
    other.step()
    before = touched(balancer)
    for _ in range(3):
        with pytest.raises(Superseded):
            balancer.rollout.carry_out_surge()
    assert touched(balancer) == before
    for _ in range(10):
        other.rollout.carry_out_surge()
        other.step()
    assert {other.runtime.release(server.instance).image for server in other.desired.fleet.servers} == {"app:2"}
    assert other.is_sound()


def test_after_a_restart_it_takes_over_again(balancer: InMemoryBalancer) -> None:
    other = successor(balancer)
    with pytest.raises(Superseded):
        balancer.ring.weigh("S1", 3)
    again = balancer.restarted()
    again.steps(2)
    assert again.health.report()["ready"]
    again.ring.weigh("S1", 3)
    other.steps(2)
    assert has_stopped(other)
    assert again.is_sound()


def test_of_two_that_start_at_once_on_nothing_one_makes_the_fleet() -> None:
    first = InMemoryBalancer()
    second = InMemoryBalancer(first.world, store=first.store.another())
    first.reconciler.step()
    second.reconciler.step()
    for _ in range(4):
        first.step()
        second.step()
    assert has_stopped(first)
    assert second.health.report()["ready"]
    assert second.is_sound()


def test_one_that_was_overtaken_while_it_took_up_the_fleet_takes_it_up_again(balancer: InMemoryBalancer) -> None:
    late = InMemoryBalancer(balancer.world, store=balancer.store.another())
    load = late.store.load

    def load_slowly() -> object:
        fleet = load()
        balancer.fleet.add(FleetChange(1, ("S9",)))
        late.store.load = load  # type: ignore[method-assign]
        return fleet

    late.store.load = load_slowly  # type: ignore[method-assign, assignment]
    let_go = edges_let_go(late)
    late.reconciler.step()
    assert not late.desired.restored
    late.steps(2)
    assert not let_go
    assert late.health.report()["ready"]
    assert late.replicas == ("S1", "S2", "S3", "S9")
    assert late.is_sound()
    balancer.runtime.vanish("S9")
    balancer.step()
    assert has_stopped(balancer)


def test_a_fleet_that_cannot_be_read_now_is_not_taken_for_lost(balancer: InMemoryBalancer) -> None:
    """Managers without a majority, for example: what was saved is there."""
    balancer.ring.weigh("S1", 7)
    again = balancer.restarted()
    again.store.away.arm()
    again.steps(2)
    assert not again.desired.restored
    assert again.health.report()["ailments"]["state"] == "the saved fleet cannot be asked for now"
    again.store.away.clear()
    again.steps(2)
    assert again.is_sound()
    assert {server.weight for server in again.desired.fleet.servers} == {1, 7}


def test_where_it_cannot_be_found_out_servers_are_fenced_as_before(balancer: InMemoryBalancer) -> None:
    balancer.store.away.arm()
    balancer.runtime.start(balancer.desired.fleet.begin_join(["S8"]).server("S8"), Release())
    balancer.step()
    assert "S8" not in balancer.runtime.names
