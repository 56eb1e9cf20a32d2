"""A silent server in the whole balancer: off the ring and back, closed idle connections, hangs, and crowds."""

from __future__ import annotations

import pytest

from balancer.core.deploy import Stage
from balancer.core.event import Event, EventKind
from balancer.core.fleet_change import FleetChange
from balancer.core.lifecycle import State
from balancer.service.silence_watch import SilenceWatch
from tests.unit.balancer.in_memory import HANG_TIMEOUT, STRIKES, InMemoryBalancer


def state(balancer: InMemoryBalancer, name: str) -> State:
    return balancer.desired.fleet.server(name).state


def answering(balancer: InMemoryBalancer) -> set[str]:
    return {balancer.plane.answer(slot) for slot in range(512)}


def events(balancer: InMemoryBalancer, *kinds: EventKind) -> list[Event]:
    return [event for event in balancer.events.since(0).events if event.kind in kinds]


def silence(balancer: InMemoryBalancer, *names: str) -> None:
    for name in names:
        balancer.runtime.hang(name)
    balancer.beat()
    balancer.step()


def wake(balancer: InMemoryBalancer, *names: str) -> None:
    for name in names:
        balancer.runtime.wake(name)
    balancer.beat(5)  # who is silent for long gets only every fifth
    balancer.step()


def pass_time(balancer: InMemoryBalancer, seconds: float) -> None:
    """Heartbeats and steps go on meanwhile."""
    for _ in range(round(seconds)):
        balancer.clock.sleep(1)
        balancer.beat(1)
        balancer.step()


def test_a_silent_server_gets_no_requests_and_is_one_of_the_n_servers(balancer: InMemoryBalancer) -> None:
    table, names = balancer.desired.fleet.table, set(balancer.runtime.names)
    silence(balancer, "S2")
    assert state(balancer, "S2") is State.SILENT
    assert answering(balancer) == {"S1", "S3"}
    assert balancer.replicas == ("S1", "S2", "S3")
    assert (balancer.desired.fleet.table, set(balancer.runtime.names)) == (table, names)
    report = balancer.health.report()
    assert (report["ready"], report["silent"], report["ailments"]) == (True, ["S2"], {})


def test_it_is_back_with_its_first_good_heartbeat_and_nobody_is_killed(balancer: InMemoryBalancer) -> None:
    before = balancer.plane.routes.slots
    silence(balancer, "S2")
    balancer.clock.sleep(3)
    wake(balancer, "S2")
    assert (state(balancer, "S2"), balancer.plane.routes.slots) == (State.SERVING, before)
    assert balancer.runtime.killed == []
    gone, back = events(balancer, EventKind.SILENT, EventKind.BACK)
    assert (gone.kind, gone.server, back.kind, back.server, back.seconds) == ("silent", "S2", "back", "S2", 3)
    assert "server_keep_alive" in gone.reason


def test_one_slow_request_is_work(balancer: InMemoryBalancer) -> None:
    with balancer.plane.request("S2"):
        silence(balancer, "S2")
        pass_time(balancer, HANG_TIMEOUT - 2)
        assert state(balancer, "S2") is State.SILENT
        assert "1 requests" in events(balancer, EventKind.SILENT)[0].reason
    wake(balancer, "S2")
    assert (state(balancer, "S2"), balancer.runtime.killed) == (State.SERVING, [])


def test_what_the_plane_keeps_idle_there_is_closed_once_the_server_gets_nothing_new(balancer: InMemoryBalancer) -> None:
    reached: list[set[str]] = []
    balancer.plane.close_idle = lambda _: reached.append(answering(balancer))  # type: ignore[method-assign]
    silence(balancer, "S2")
    balancer.step()
    assert reached == [{"S1", "S3"}]


def test_with_nothing_in_flight_it_is_killed_after_as_many_heartbeats_again(balancer: InMemoryBalancer) -> None:
    silence(balancer, "S2")
    balancer.beat(STRIKES - 1)
    balancer.step()
    assert balancer.runtime.killed == []
    balancer.beat(1)
    balancer.steps(2)
    assert balancer.runtime.killed == ["S2"]
    assert balancer.is_sound()


def test_while_idle_connections_cannot_be_closed_it_is_not_killed_before_the_hang_timeout(
    balancer: InMemoryBalancer,
) -> None:
    balancer.plane.away.arm()
    silence(balancer, "S2")
    pass_time(balancer, HANG_TIMEOUT - 1)
    assert balancer.runtime.killed == []
    pass_time(balancer, 2)
    assert balancer.runtime.killed == ["S2"]


def test_after_a_request_has_ended_idle_connections_are_closed_again_and_heartbeats_awaited(
    balancer: InMemoryBalancer,
) -> None:
    with balancer.plane.request("S2"):
        silence(balancer, "S2")
        pass_time(balancer, 5)
    assert balancer.plane.idle_closed == ["S2"]
    balancer.step()
    assert (balancer.plane.idle_closed, balancer.runtime.killed) == (["S2", "S2"], [])
    wake(balancer, "S2")
    assert state(balancer, "S2") is State.SERVING


def test_a_server_whose_client_left_before_it_was_silent_may_be_busy(balancer: InMemoryBalancer) -> None:
    balancer.beat(1)
    balancer.step()
    balancer.clock.sleep(1)
    balancer.plane.give_up("S2")
    balancer.step()
    silence(balancer, "S2")
    balancer.beat(STRIKES)
    balancer.step()
    assert (state(balancer, "S2"), balancer.runtime.killed) == (State.SILENT, [])
    pass_time(balancer, HANG_TIMEOUT)
    assert balancer.runtime.killed == ["S2"]


def test_what_clients_gave_up_long_before_is_no_excuse(balancer: InMemoryBalancer) -> None:
    balancer.plane.give_up("S2")
    balancer.step()
    balancer.clock.sleep(1)
    balancer.beat(1)
    balancer.find_hung("S2")
    balancer.step()
    assert balancer.runtime.killed == ["S2"]


def test_with_a_request_it_is_killed_when_nothing_moves_for_the_hang_timeout(balancer: InMemoryBalancer) -> None:
    with balancer.plane.request("S2"):
        silence(balancer, "S2")
        pass_time(balancer, HANG_TIMEOUT / 2)
        balancer.plane.moved("S2", given=1)
        pass_time(balancer, HANG_TIMEOUT - 1)
        assert balancer.runtime.killed == []
        pass_time(balancer, 2)
    assert balancer.runtime.killed == ["S2"]
    assert "S2" not in balancer.replicas


def test_while_the_balancer_itself_was_held_up_nobody_is_to_blame(balancer: InMemoryBalancer) -> None:
    balancer.beat(1)
    balancer.clock.sleep(60)
    with balancer.plane.request("S2"):
        silence(balancer, "S2")
        balancer.step()
        assert (state(balancer, "S2"), balancer.runtime.killed) == (State.SILENT, [])


def test_where_most_are_silent_all_stay_on_the_ring_and_that_is_told_once(balancer: InMemoryBalancer) -> None:
    silence(balancer, "S1", "S2")
    pass_time(balancer, 3)
    assert answering(balancer) == {"S1", "S2", "S3"}
    report = balancer.health.report()
    assert (report["ready"], report["silent"]) == (False, [])
    for word in ("S1, S2 of 3 servers", "heartbeat_timeout", "hang_timeout (10 s)", "server_keep_alive"):
        assert word in report["ailments"]["servers"]
    assert [event.facts["part"] for event in events(balancer, EventKind.AILING)].count("servers") == 1
    assert set(balancer.plane.idle_closed) == {"S1", "S2"}
    wake(balancer, "S1", "S2")
    assert balancer.health.report()["ready"]
    assert balancer.runtime.killed == []


def test_a_silent_server_goes_back_on_the_ring_when_most_others_are_silent_too(balancer: InMemoryBalancer) -> None:
    silence(balancer, "S2")
    silence(balancer, "S3")
    assert answering(balancer) == {"S1", "S2", "S3"}
    assert "most servers are silent" in events(balancer, EventKind.BACK)[0].reason


def test_the_only_server_stays_until_the_hang_timeout() -> None:
    balancer = InMemoryBalancer(initial=("S1",)).started()
    silence(balancer, "S1")
    pass_time(balancer, HANG_TIMEOUT - 1)
    assert answering(balancer) == {"S1"}
    pass_time(balancer, 3)
    assert balancer.runtime.killed == ["S1"]
    assert balancer.is_sound()


def test_of_a_crowd_one_is_replaced_after_the_other(balancer: InMemoryBalancer) -> None:
    names = ("S1", "S2", "S3")
    silence(balancer, *names)
    killed_together = []
    while len(balancer.runtime.killed) < len(names):
        before = len(balancer.runtime.killed)
        pass_time(balancer, 1)
        killed_together.append(len(balancer.runtime.killed) - before)
        assert len(balancer.replicas) == len(names)
    assert sorted(balancer.runtime.killed) == sorted(names)
    assert set(killed_together) == {0, 1}
    pass_time(balancer, 1)
    assert balancer.is_sound()


def test_a_server_that_was_silent_before_a_restart_gets_requests_when_it_answers(balancer: InMemoryBalancer) -> None:
    silence(balancer, "S2")
    again = balancer.restarted()
    again.steps(2)
    assert (state(again, "S2"), answering(again)) == (State.SILENT, {"S1", "S3"})
    wake(again, "S2")
    assert (state(again, "S2"), answering(again)) == (State.SERVING, {"S1", "S2", "S3"})


def test_a_silent_server_can_be_removed(balancer: InMemoryBalancer) -> None:
    silence(balancer, "S2")
    assert balancer.fleet.remove(FleetChange(1, ("S2",))) == ("S1", "S3")
    balancer.step()
    assert balancer.is_sound()


def test_a_silent_server_keeps_its_weight_and_can_get_another(balancer: InMemoryBalancer) -> None:
    silence(balancer, "S2")
    balancer.ring.weigh("S2", 3)
    wake(balancer, "S2")
    assert balancer.desired.fleet.server("S2").weight == 3
    assert balancer.is_sound()


@pytest.mark.parametrize("wakes", [True, False])
def test_a_deploy_rolls_a_silent_server_too(balancer: InMemoryBalancer, wakes: bool) -> None:
    silence(balancer, "S2")
    balancer.rollout.begin({"image": "shop:2"})
    while balancer.rollout.is_running:
        balancer.rollout.carry_out_surge()
        if wakes:
            balancer.runtime.wake("S2") if "S2" in balancer.runtime.observe() else None
        balancer.beat(1)
        balancer.step()
    assert {balancer.runtime.release(name).image for name in balancer.runtime.observe()} == {"shop:2"}
    assert balancer.replicas == ("S1", "S2", "S3")
    assert balancer.is_sound()


def test_a_new_release_that_hangs_under_its_first_requests_makes_the_deploy_go_back(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin({"image": "shop:2"})
    while "S1.2" not in balancer.runtime.names:
        balancer.rollout.carry_out_surge()
    with balancer.plane.request("S1.2"):
        silence(balancer, "S1.2")
        pass_time(balancer, HANG_TIMEOUT + 1)
    assert balancer.runtime.killed == ["S1.2"]
    deploy = balancer.desired.fleet.deploy
    assert deploy is not None
    assert deploy.stage is Stage.ROLLING_BACK


@pytest.mark.parametrize(("wakes", "stage"), [(False, Stage.ROLLING_BACK), (True, Stage.DONE)])
def test_a_deploy_does_not_end_while_its_last_server_may_turn_out_to_hang(
    balancer: InMemoryBalancer, wakes: bool, stage: Stage
) -> None:
    def present() -> Stage:
        deploy = balancer.desired.fleet.deploy
        assert deploy is not None
        return deploy.stage

    balancer.rollout.begin({"image": "shop:2"})
    while "S3.2" not in balancer.runtime.names:
        balancer.rollout.carry_out_surge()
    with balancer.plane.request("S3.2"):
        silence(balancer, "S3.2")
        balancer.rollout.carry_out_surge()
        assert present() is Stage.ROLLING
        if wakes:
            balancer.clock.sleep(1)
            wake(balancer, "S3.2")
        while present() is Stage.ROLLING:
            balancer.rollout.carry_out_surge()
            pass_time(balancer, 1)
    assert present() is stage


def test_of_many_silent_servers_the_engine_is_asked_about_a_few_at_each_look_and_about_each_in_time() -> None:
    names = tuple(f"S{number}" for number in range(1, 13))
    balancer = InMemoryBalancer(initial=names).started()
    asked: list[str] = []

    def slow(instance: str) -> bool:
        asked.append(instance)
        balancer.clock.sleep(0.2)
        return instance == "S12"

    balancer.runtime.is_stopped = slow  # type: ignore[method-assign]
    silence(balancer, *names)
    assert len(asked) == 3
    balancer.steps(3)
    assert (len(asked), set(asked)) == (12, {*names})
    assert [event.server for event in events(balancer, EventKind.FAILED)] == ["S12"]


def test_of_many_silent_servers_one_step_closes_the_idle_connections_of_a_few() -> None:
    names = tuple(f"S{number}" for number in range(1, 8))
    balancer = InMemoryBalancer(initial=names).started()
    closed: list[str] = []

    def slow(instance: str) -> None:
        closed.append(instance)
        balancer.clock.sleep(0.15)

    balancer.plane.close_idle = slow  # type: ignore[method-assign]
    silence(balancer, *names)
    assert len(closed) == 2
    balancer.steps(5)
    assert sorted(closed) == sorted(names)


def test_a_server_that_answers_while_the_engine_is_asked_is_not_killed(balancer: InMemoryBalancer) -> None:
    def slow(instance: str) -> bool:
        balancer.runtime.wake(instance)
        balancer.beat(5)
        return False

    with balancer.plane.request("S2"):
        silence(balancer, "S2")
        balancer.clock.sleep(HANG_TIMEOUT)
        balancer.runtime.is_stopped = slow  # type: ignore[method-assign]
        balancer.steps(2)
    assert (state(balancer, "S2"), balancer.runtime.killed) == (State.SERVING, [])


def test_no_server_is_hung_before_it_was_looked_at_however_short_the_hang_timeout(balancer: InMemoryBalancer) -> None:
    short = 2.0
    watch = SilenceWatch(
        heartbeats=balancer.heartbeats,
        plane=balancer.plane,
        local=balancer.runtime,
        clock=balancer.clock,
        hang_timeout=short,
    )
    fleet, server = balancer.desired.fleet, balancer.desired.fleet.server("S2")
    balancer.beat(1)
    balancer.runtime.hang("S2")
    balancer.clock.sleep(5)
    balancer.beat()
    with balancer.plane.request("S2"):
        assert watch.look(fleet, {}).lifeless == frozenset()
        balancer.clock.sleep(short)
        assert watch.look(fleet, {}).lifeless == {server.identity}


def test_a_second_silence_before_the_next_look_is_one_of_its_own(balancer: InMemoryBalancer) -> None:
    silence(balancer, "S2")
    balancer.clock.sleep(1)
    wake(balancer, "S2")
    silence(balancer, "S2")
    assert (state(balancer, "S2"), balancer.runtime.killed) == (State.SILENT, [])
    assert balancer.plane.idle_closed == ["S2", "S2"]
    balancer.clock.sleep(2)
    wake(balancer, "S2")
    assert [event.seconds for event in events(balancer, EventKind.BACK)] == [1, 2]


def test_a_crowd_is_named_in_the_order_of_joining(balancer: InMemoryBalancer) -> None:
    silence(balancer, "S3", "S1")
    assert balancer.health.report()["ailments"]["servers"].startswith("S1, S3 of 3 servers")
