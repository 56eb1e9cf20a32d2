"""What only HAProxy can show: starts, restarts, reloads, and what becomes of a very large ring."""

from __future__ import annotations

import csv
from contextlib import ExitStack, closing
from dataclasses import replace
from fractions import Fraction
from http.client import HTTPConnection
from pathlib import Path

import pytest

from balancer.adapters.haproxy.config import OLD_PROCESSES, edge_files
from balancer.adapters.haproxy.runtime_api import RuntimeApi
from balancer.core.errors import PlaneUnavailable
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.routes import Backend
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import PORT, Lab
from tests.contract.plane_bench import all_to, with_slots
from tests.in_flight import in_flight
from tests.polling import until

pytestmark = pytest.mark.docker


def test_an_edge_without_a_configuration_waits_and_starts_in_step(
    lab: Lab, servers: tuple[Backend, ...], tmp_path: Path
) -> None:
    routes = all_to(*servers)
    with HaproxyBench(lab, tmp_path, servers) as bench:
        until(lambda: b"waiting for the balancer" in bench.container.logs(), "the edge waits", within=10)
        with pytest.raises(PlaneUnavailable):
            in_flight(bench.plane, "S1")
        assert not bench.plane.in_step(routes)
        with pytest.raises(PlaneUnavailable):
            bench.plane.apply(routes)
        bench.wait_until_it_listens()
        assert bench.answers(1) == ["S1"]
        assert bench.plane.in_step(routes)


def test_a_restarted_edge_is_in_step_from_the_first_request_on(haproxy_bench: HaproxyBench) -> None:
    one, two, three = haproxy_bench.servers
    haproxy_bench.plane.apply(all_to(one, two))
    routes = all_to(two, three, replace(one, draining=True))
    haproxy_bench.plane.apply(routes)
    haproxy_bench.container.restart(timeout=10)
    haproxy_bench.wait_until_it_listens()
    assert haproxy_bench.answers(1) == ["S2"]
    assert haproxy_bench.plane.in_step(routes)
    assert haproxy_bench.answers(10) == ["S2"] * 10


def test_what_changes_while_the_edge_is_away_holds_when_it_is_back(haproxy_bench: HaproxyBench) -> None:
    one, two, _ = haproxy_bench.servers
    haproxy_bench.plane.apply(all_to(one))
    with haproxy_bench.away(), pytest.raises(PlaneUnavailable):
        haproxy_bench.plane.apply(all_to(two))
    assert haproxy_bench.answers(1) == ["S2"]
    assert haproxy_bench.plane.in_step(all_to(two))


def test_a_change_of_the_fleet_is_no_reload_and_a_change_of_the_profile_is_one(haproxy_bench: HaproxyBench) -> None:
    one, two, _ = haproxy_bench.servers
    before = process(haproxy_bench)
    haproxy_bench.plane.apply(all_to(one))
    haproxy_bench.plane.apply(all_to(two, one))
    haproxy_bench.plane.apply(all_to(two))
    assert process(haproxy_bench) == before
    plane = haproxy_bench.other(response_timeout=21)
    assert not plane.in_step(all_to(two))
    plane.apply(all_to(two))
    assert plane.in_step(all_to(two))
    assert process(haproxy_bench) != before
    assert haproxy_bench.answers(10) == ["S2"] * 10


def test_a_reload_lets_open_requests_finish_and_goes_on_counting_them(haproxy_bench: HaproxyBench) -> None:
    one, two, _ = haproxy_bench.servers
    haproxy_bench.plane.apply(all_to(one, two))
    with haproxy_bench.held("S1"):
        plane = haproxy_bench.other(response_timeout=21)
        plane.apply(all_to(two, one))
        assert set(haproxy_bench.answers(10)) == {"S2"}
        with haproxy_bench.held("S2"):
            assert [in_flight(plane, name) for name in ("S1", "S2")] == [1, 1]
    until(lambda: in_flight(plane, "S1") == in_flight(plane, "S2") == 0, "all have answered", within=5)


def test_what_is_idle_at_one_server_is_closed_and_at_others_kept(haproxy_bench: HaproxyBench) -> None:
    one, two, _ = haproxy_bench.servers
    runtime = RuntimeApi(haproxy_bench.profile.directory / "runtime.sock")

    def idle(name: str) -> int:
        rows = csv.DictReader(runtime.ask("show stat fleet 4 -1").removeprefix("# ").splitlines())
        return next(int(row["idle_conn_cur"]) for row in rows if row["svname"] == name)

    for first, second in ((one, two), (two, one)):
        haproxy_bench.plane.apply(all_to(first, second))
        haproxy_bench.answers(3)
    assert (idle("S1") > 0, idle("S2") > 0) == (True, True)
    kept = idle("S2")
    haproxy_bench.plane.close_idle("S1")
    assert (idle("S1"), idle("S2")) == (0, kept)


def test_after_a_reload_by_somebody_else_it_is_in_step(haproxy_bench: HaproxyBench) -> None:
    one, two, _ = haproxy_bench.servers
    haproxy_bench.plane.apply(all_to(one))
    haproxy_bench.plane.apply(all_to(two, replace(one, draining=True)))
    before = process(haproxy_bench)
    RuntimeApi(haproxy_bench.profile.directory / "master.sock").do("reload", expect="Success=1")
    assert process(haproxy_bench) != before
    assert haproxy_bench.plane.in_step(all_to(two, replace(one, draining=True)))
    assert haproxy_bench.answers(10) == ["S2"] * 10


@pytest.mark.parametrize(
    "damage", ["del server fleet/S2", "clear map {folder}/slots.map", "set server fleet/S1 addr 127.0.0.1"]
)
def test_what_somebody_changed_by_hand_is_noticed_and_put_right(haproxy_bench: HaproxyBench, damage: str) -> None:
    one, two, _ = haproxy_bench.servers
    routes = all_to(one, two)
    haproxy_bench.plane.apply(routes)
    runtime = RuntimeApi(haproxy_bench.profile.directory / "runtime.sock")
    runtime.ask("set server fleet/S2 state maint")
    runtime.ask(damage.format(folder=haproxy_bench.profile.directory))
    assert not haproxy_bench.plane.in_step(routes)
    haproxy_bench.plane.apply(routes)
    assert haproxy_bench.plane.in_step(routes)
    assert haproxy_bench.answers(10) == ["S1"] * 10


def test_a_reload_that_did_not_happen_is_noticed_and_made_up_for(haproxy_bench: HaproxyBench) -> None:
    """The files are the new profile's by then, and HAProxy is the old one's."""
    routes = all_to(*haproxy_bench.servers)
    haproxy_bench.plane.apply(routes)
    plane = haproxy_bench.other(response_timeout=21)
    master = haproxy_bench.profile.directory / "master.sock"
    hidden = master.rename(master.with_suffix(".hidden"))
    with pytest.raises(PlaneUnavailable):
        plane.apply(routes)
    hidden.rename(master)
    assert not plane.in_step(routes)
    plane.apply(routes)
    assert plane.in_step(routes)


@pytest.mark.parametrize("file", ["haproxy.cfg", "slots.map"])
def test_a_file_that_is_lost_is_noticed_and_written_again(haproxy_bench: HaproxyBench, file: str) -> None:
    routes = all_to(*haproxy_bench.servers)
    haproxy_bench.plane.apply(routes)
    (haproxy_bench.profile.directory / file).unlink()
    assert not haproxy_bench.plane.in_step(routes)
    haproxy_bench.plane.apply(routes)
    assert haproxy_bench.plane.in_step(routes)


@pytest.mark.parametrize("bound", [None, Fraction(2)])
def test_the_largest_ring_with_the_longest_names_goes_through(
    haproxy_bench: HaproxyBench, bound: Fraction | None
) -> None:
    slots = 65_537 if bound is None else 4096
    backends = tuple(replace(server, instance=server.instance * 31 + "x") for server in haproxy_bench.servers)
    names = [backend.instance for backend in backends]
    first = with_slots((names[0],) * slots, backends, request_hash=REQUEST_HASHES["crc32"], bound=bound)
    haproxy_bench.plane.apply(first)
    before = process(haproxy_bench)
    routes = replace(first, slots=tuple(names[slot % 2 + 1] for slot in range(slots)))
    haproxy_bench.plane.apply(routes)
    assert haproxy_bench.plane.in_step(routes)
    assert process(haproxy_bench) == before
    rows = RuntimeApi(haproxy_bench.profile.directory / "runtime.sock").ask(
        f"show map {haproxy_bench.profile.directory}/slots.map"
    )
    found = [row.split(" ", 1)[1] for row in rows.splitlines()]
    assert sorted(found) == sorted(edge_files(haproxy_bench.profile, routes).slots_map)
    assert {served_by(haproxy_bench) for _ in range(40)} == set(names[1:])


def process(bench: HaproxyBench) -> str:
    """Tells one run of HAProxy's worker from the next."""
    lines = RuntimeApi(bench.profile.directory / "runtime.sock").ask("show info").splitlines()
    return next(line for line in lines if line.startswith("Pid: "))


def served_by(bench: HaproxyBench) -> str:
    connection = HTTPConnection(bench.url.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", "/home")
        return str(connection.getresponse().headers["X-Served-By"])
    finally:
        connection.close()


def test_old_processes_are_bounded_in_number_however_many_tunnels_are_open(haproxy_bench: HaproxyBench) -> None:
    one, *_ = haproxy_bench.servers
    with ExitStack() as clients:
        for number in range(OLD_PROCESSES + 3):
            plane = haproxy_bench.other(response_timeout=30 + number)
            haproxy_bench.obey(plane, all_to(one))
            client = clients.enter_context(closing(HTTPConnection(haproxy_bench.host, PORT, timeout=20)))
            client.putrequest("POST", "/echo")
            client.putheader("Content-Length", "50000")
            client.endheaders(b"-" * 30_000)
            until(lambda present=plane: in_flight(present, "S1") >= 1, "it is open", within=5)
            assert old_processes(haproxy_bench) <= OLD_PROCESSES
        assert old_processes(haproxy_bench) == OLD_PROCESSES
    until(lambda: old_processes(haproxy_bench) == 0, "nothing is left when the clients have gone", within=10)


def old_processes(bench: HaproxyBench) -> int:
    shown = RuntimeApi(bench.profile.directory / "master.sock", retry_for=2).ask("show proc")
    return len(shown.partition("# old workers\n")[2].partition("#")[0].split("\n")) - 1
