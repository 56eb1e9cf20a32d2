"""What the edge's answers mean. What a real HAProxy does with the commands: tests/contract."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from balancer.adapters.haproxy import edge as edge_module
from balancer.adapters.haproxy.config import EdgeOptions, edge_files
from balancer.adapters.haproxy.edge import HaproxyEdge
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.core.activity import Activity
from balancer.core.errors import PlaneUnavailable
from balancer.core.load import Load
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.routes import Backend, Routes
from tests.in_flight import in_flight
from tests.unit.balancer.adapters.haproxy.conftest import RuntimeSocket

ROUTES = Routes(
    ("S1", "S2") * 1024,
    (
        Backend("S1", "10.0.0.1:5000"),
        Backend("S2", "10.0.0.2:5000"),
        Backend("S3", "10.0.0.3:5000", draining=True),
        Backend("S4", "10.0.0.4:5000", weight=0),
    ),
)


class Haproxy:
    """Enough of a running HAProxy: its description, its servers and its map."""

    def __init__(self, runtime_socket: RuntimeSocket, profile: EdgeOptions) -> None:
        self.runtime_socket = runtime_socket
        self.description = edge_files(profile, ROUTES).fixed_digest
        self.servers: dict[str, str] = {}
        self.states: dict[str, int] = {}
        self.digest = ""
        self.refuses = ""
        self.connections: dict[str, tuple[str, str]] = {}
        runtime_socket.answer = self.answer

    def answer(self, command: str) -> str:
        if self.refuses and command.startswith(self.refuses):
            return "No."
        found = (text() for start, text in self._answers.items() if command.startswith(start))
        return next(found, "")

    @property
    def _answers(self) -> dict[str, Callable[[], str]]:
        servers = (
            f"3 fleet 1 {name} {at.replace(':', ' ')} {self.states.get(name, 0)}" for name, at in self.servers.items()
        )
        header = "# be_id be_name srv_id srv_name srv_addr srv_port srv_admin_state"
        way_round = "3 fleet 1 _again - 0 0"
        statistics = (f"fleet,{name},{queued},{running}" for name, (queued, running) in self.connections.items())
        return {
            "show info": lambda: f"Name: HAProxy\ndescription: {self.description}\n",
            "show servers": lambda: "\n".join(["1", header, way_round, *servers]),
            "show stat": lambda: "\n".join(["# pxname,svname,qcur,scur", *statistics]),
            "get map": lambda: f'type=str, case=sensitive, found=yes, idx=tree, key="digest", value="{self.digest}"',
            "prepare map": lambda: "New version created: 7",
            "add server": lambda: "New server registered.",
            "del server": lambda: "Server deleted.",
        }

    @property
    def commands(self) -> list[str]:
        """Those that change something, without payload."""
        lines = [command.splitlines()[0] for command in self.runtime_socket.commands]
        return [line for line in lines if not line.startswith(("show", "get"))]


@pytest.fixture
def profile(directory: Path) -> EdgeOptions:
    return EdgeOptions(
        directory=directory,
        stream_timeout=3600,
        queue_timeout=10,
        server_max_connections=0,
        server_keep_alive=True,
        trusted_proxies=(),
        control_prefix="",
        public_control=True,
        response_timeout=60,
        course_errors=False,
        explain=True,
        access_log="errors",
        traceparent="make",
        bufsize=8192,
    )


@pytest.fixture
def haproxy(runtime_socket: RuntimeSocket, profile: EdgeOptions) -> Haproxy:
    return Haproxy(runtime_socket, profile)


def test_an_edge_that_is_away_finds_the_files_when_it_starts(profile: EdgeOptions) -> None:
    with pytest.raises(PlaneUnavailable):
        HaproxyEdge(profile).apply(ROUTES)
    assert (profile.directory / "haproxy.cfg").read_text() == edge_files(profile, ROUTES).configuration
    written = (profile.directory / "slots.map").read_text().splitlines()
    assert written == edge_files(profile, ROUTES).slots_map
    assert written[0] == f"digest {ROUTES.digest}"


def test_files_that_cannot_be_written_are_the_planes_fault(profile: EdgeOptions) -> None:
    (profile.directory / "slots.map.new").mkdir()
    with pytest.raises(PlaneUnavailable, match="the edge's files cannot be written"):
        HaproxyEdge(profile).apply(ROUTES)


def test_haproxy_is_told_before_the_files_are_written(profile: EdgeOptions, haproxy: Haproxy) -> None:
    """So a server that has died gets nothing more even where they cannot be written."""
    (profile.directory / "slots.map.new").mkdir()
    with pytest.raises(PlaneUnavailable, match="the edge's files cannot be written"):
        HaproxyEdge(profile).apply(ROUTES)
    assert haproxy.commands[-1] == "commit map @7 " + str(profile.directory / "slots.map")


def test_servers_are_there_before_the_map_names_them(profile: EdgeOptions, haproxy: Haproxy) -> None:
    HaproxyEdge(profile).apply(ROUTES)
    kinds = [" ".join(command.split()[:2]) for command in haproxy.commands]
    assert kinds.index("prepare map") > max(at for at, kind in enumerate(kinds) if kind == "add server")
    assert kinds[-1] == "commit map"


@pytest.mark.parametrize("name", ["S3", "S4"])
def test_a_server_that_rests_and_that_the_edge_does_not_have_is_not_added(
    profile: EdgeOptions, haproxy: Haproxy, name: str
) -> None:
    """Because it is draining, or because its weight is 0."""
    HaproxyEdge(profile).apply(ROUTES)
    assert not [command for command in haproxy.commands if name in command]


@pytest.mark.parametrize("name", ["S3", "S4"])
def test_a_server_that_rests_and_that_the_edge_has_gets_nothing_new(
    profile: EdgeOptions, haproxy: Haproxy, name: str
) -> None:
    haproxy.servers = {name: "10.0.0.9:5000"}
    HaproxyEdge(profile).apply(ROUTES)
    assert haproxy.commands[-1] == f"set server fleet/{name} state drain"


def test_a_server_whose_weight_is_above_0_again_is_ready(profile: EdgeOptions, haproxy: Haproxy) -> None:
    haproxy.servers, haproxy.states = {"S4": "10.0.0.4:5000"}, {"S4": 8}
    HaproxyEdge(profile).apply(replace(ROUTES, backends=(Backend("S4", "10.0.0.4:5000", weight=2),)))
    assert "set server fleet/S4 state ready" in haproxy.commands


def test_servers_that_are_as_they_shall_be_are_told_nothing(profile: EdgeOptions, haproxy: Haproxy) -> None:
    """A change of one server of a thousand is not a thousand commands."""
    haproxy.servers = {backend.instance: backend.address for backend in ROUTES.backends}
    haproxy.states = {"S3": 8, "S4": 8}
    HaproxyEdge(profile).apply(ROUTES)
    assert not [command for command in haproxy.commands if "server" in command]


def test_a_server_that_speaks_h2c_is_added_so(profile: EdgeOptions, haproxy: Haproxy) -> None:
    s1, s2 = ROUTES.backends[:2]
    HaproxyEdge(profile).apply(replace(ROUTES, backends=(replace(s1, protocol="h2c"), s2)))
    added = {line.split()[2]: line for line in haproxy.commands if line.startswith("add server")}
    assert added["fleet/S1"] == f"add server fleet/S1 10.0.0.1:5000 {profile.server_options('h2c')}"
    assert added["fleet/S2"] == f"add server fleet/S2 10.0.0.2:5000 {profile.server_options('http')}"


def test_a_long_map_goes_in_parts_that_fit_haproxys_buffer(profile: EdgeOptions, haproxy: Haproxy) -> None:
    HaproxyEdge(profile).apply(ROUTES)
    payloads = [command for command in haproxy.runtime_socket.commands if command.startswith("add map @7")]
    assert len(payloads) > 1
    assert max(map(len, payloads)) < 16_384
    lines = [line for payload in payloads for line in payload.splitlines()[1:] if line]
    assert sorted(lines) == sorted(edge_files(profile, ROUTES).slots_map)


ONE_MOVED = replace(ROUTES, slots=("S2", *ROUTES.slots[1:]))


def told_about_the_map(haproxy: Haproxy) -> list[str]:
    return [command for command in haproxy.commands if " map " in command]


def obeying(profile: EdgeOptions, haproxy: Haproxy, routes: Routes) -> HaproxyEdge:
    """The plane of an edge that has obeyed the routes, and was told nothing since."""
    edge = HaproxyEdge(profile)
    edge.apply(routes)
    haproxy.digest = routes.digest
    haproxy.runtime_socket.commands.clear()
    return edge


def test_where_few_slots_move_only_those_are_told(profile: EdgeOptions, haproxy: Haproxy) -> None:
    """While they are, the map has the digest of nobody."""
    edge = obeying(profile, haproxy, ROUTES)
    edge.apply(ONE_MOVED)
    path = profile.directory / "slots.map"
    begin, rest = told_about_the_map(haproxy)
    assert begin == f"set map {path} digest -"
    *slots, digest = rest.split(";")
    assert slots == [f"set map {path} 0 S2:S1:S2:S2:S2:S2"]
    assert digest == f"set map {path} digest {ONE_MOVED.digest}"


def test_a_change_of_few_slots_that_breaks_off_is_made_good_by_a_whole_swap(
    profile: EdgeOptions, haproxy: Haproxy
) -> None:
    edge = obeying(profile, haproxy, ROUTES)
    haproxy.refuses = f"set map {profile.directory / 'slots.map'} 0"
    with pytest.raises(PlaneUnavailable):
        edge.apply(ONE_MOVED)
    haproxy.refuses, haproxy.digest = "", "-"
    edge.apply(ROUTES)
    assert any(command.startswith("commit map") for command in told_about_the_map(haproxy))


@pytest.mark.parametrize(
    "routes",
    [
        pytest.param(replace(ROUTES, slots=("S2", "S1") * 1024), id="many slots move"),
        pytest.param(replace(ONE_MOVED, bound=Fraction(2)), id="it gets a bound"),
    ],
)
def test_any_other_map_is_swapped_as_a_whole(
    profile: EdgeOptions, haproxy: Haproxy, master_socket: RuntimeSocket, routes: Routes
) -> None:
    master_socket.answer = lambda command: WORKERS if command.startswith("show") else "Success=1"
    edge = obeying(profile, haproxy, ROUTES)
    edge.apply(routes)
    told = told_about_the_map(haproxy)
    assert told[0].startswith("prepare map")
    assert not [command for command in told if command.startswith("set map")]


def test_bounded_load_is_always_one_transaction(profile: EdgeOptions, haproxy: Haproxy) -> None:
    """A request reads the shares of several servers."""
    bounded = replace(ROUTES, bound=Fraction(2))
    haproxy.description = edge_files(profile, bounded).fixed_digest
    edge = obeying(profile, haproxy, bounded)
    edge.apply(replace(ONE_MOVED, bound=Fraction(2)))
    assert told_about_the_map(haproxy)[0].startswith("prepare map")


def test_a_map_of_which_it_is_not_known_what_it_has_is_swapped(profile: EdgeOptions, haproxy: Haproxy) -> None:
    """As after a restart of the balancer."""
    obeying(profile, haproxy, ROUTES)
    HaproxyEdge(profile).apply(ONE_MOVED)
    assert told_about_the_map(haproxy)[0].startswith("prepare map")


def test_files_that_are_there_are_not_written_again(profile: EdgeOptions, haproxy: Haproxy) -> None:
    edge = obeying(profile, haproxy, ROUTES)
    configuration, slots = (profile.directory / name for name in ("haproxy.cfg", "slots.map"))
    before = configuration.stat().st_ino, slots.stat().st_ino
    edge.apply(ONE_MOVED)
    assert configuration.stat().st_ino == before[0]
    assert slots.stat().st_ino != before[1]


def test_a_map_that_is_as_it_shall_be_is_left_alone(profile: EdgeOptions, haproxy: Haproxy) -> None:
    haproxy.digest = ROUTES.digest
    haproxy.servers = {"S1": "10.0.0.1:5000", "S2": "10.0.0.2:5000"}
    HaproxyEdge(profile).apply(ROUTES)
    assert not [command for command in haproxy.commands if "map" in command or "add" in command]


def test_a_server_that_moved_gets_its_new_address(profile: EdgeOptions, haproxy: Haproxy) -> None:
    haproxy.servers = {"S1": "10.0.0.9:5000", "S2": "10.0.0.2:5000"}
    HaproxyEdge(profile).apply(ROUTES)
    assert "set server fleet/S1 addr 10.0.0.1 port 5000" in haproxy.commands


def test_a_server_that_is_not_wanted_any_more_is_deleted(profile: EdgeOptions, haproxy: Haproxy) -> None:
    haproxy.servers = {"S9": "10.0.0.9:5000"}
    HaproxyEdge(profile).apply(ROUTES)
    assert haproxy.commands[-2:] == ["set server fleet/S9 state maint", "del server fleet/S9"]


def test_a_server_that_is_still_answering_is_deleted_another_time(
    profile: EdgeOptions, haproxy: Haproxy, runtime_socket: RuntimeSocket
) -> None:
    """Until then it is in maintenance, and no matter."""
    assert in_step(profile, haproxy)
    haproxy.servers |= {"S9": "10.0.0.9:5000"}
    haproxy.states["S9"] = 1
    runtime_socket.answer = lambda command: (
        "Server still has connections attached to it, cannot remove it."
        if command.startswith("del server")
        else haproxy.answer(command)
    )
    edge = HaproxyEdge(profile)
    edge.apply(ROUTES)
    before = haproxy.commands.count("del server fleet/S9")
    assert edge.in_step(ROUTES)
    assert haproxy.commands.count("del server fleet/S9") == before + 1


@pytest.mark.parametrize(
    "command", ["add server", "enable health", "set server fleet/S1 state", "prepare map", "add map", "commit map"]
)
def test_a_refusal_of_the_edge_is_an_error_that_quotes_it(profile: EdgeOptions, haproxy: Haproxy, command: str) -> None:
    haproxy.refuses = command
    with pytest.raises(PlaneUnavailable, match=f"the edge refused '{re.escape(command)}.*': No."):
        HaproxyEdge(profile).apply(ROUTES)


def test_a_deletion_that_is_refused_is_an_error(profile: EdgeOptions, haproxy: Haproxy) -> None:
    haproxy.servers = {"S9": "10.0.0.9:5000"}
    haproxy.refuses = "del server"
    with pytest.raises(PlaneUnavailable, match="the edge does not delete S9: No"):
        HaproxyEdge(profile).apply(ROUTES)


OTHER_PROFILES = [
    replace(ROUTES, request_hash=REQUEST_HASHES["md5"]),
    replace(ROUTES, slots=("S1", "S2") * 8),
    replace(ROUTES, bound=Fraction(2)),
]


@pytest.mark.parametrize("routes", OTHER_PROFILES)
def test_an_edge_with_another_profile_is_told_to_reload(
    profile: EdgeOptions, haproxy: Haproxy, master_socket: RuntimeSocket, routes: Routes
) -> None:
    answers = {"reload": "Success=1", "show proc": WORKERS}
    master_socket.answer = lambda command: answers[command.strip()]
    edge = HaproxyEdge(profile)
    edge.apply(ROUTES)
    assert master_socket.commands == []
    edge.apply(routes)
    assert master_socket.commands == ["reload\n", "show proc\n"]


def test_a_reload_is_over_when_the_old_processes_have_heard_of_it(
    profile: EdgeOptions, haproxy: Haproxy, master_socket: RuntimeSocket
) -> None:
    """One that has not yet takes commands that are for the new one. One that has ended cannot say so."""
    told = iter(("Pid: 13\nStopping: 0\n", "Can't find the target PID", "Pid: 13\nStopping: 1\n"))
    seen: list[str] = []

    def answer(command: str) -> str:
        if command.startswith(("reload", "show proc")):
            return OLD_WORKERS if command.startswith("show") else "Success=1"
        seen.append(haproxy.commands[-1] if haproxy.commands else "")
        return next(told, "Stopping: 1\n")

    master_socket.answer = answer
    edge = HaproxyEdge(profile)
    edge.apply(ROUTES)
    haproxy.commands.clear()
    edge.apply(OTHER_PROFILES[0])
    asked = [command.strip() for command in master_socket.commands if "show info" in command]
    assert asked[:2] == ["@!13 show info", "@!13 show info"], "the first one had not heard of it"
    assert "@!9 show info" in asked
    assert not any("server" in command for command in seen), "nothing was told to the new one before"


def test_a_reload_that_fails_is_an_error_that_quotes_it(
    profile: EdgeOptions, haproxy: Haproxy, master_socket: RuntimeSocket
) -> None:
    haproxy.description = "another"
    master_socket.answer = lambda _: "Success=0\n--\nwhy"
    with pytest.raises(PlaneUnavailable, match="the edge refused 'reload': Success=0"):
        HaproxyEdge(profile).apply(ROUTES)


def in_step(profile: EdgeOptions, haproxy: Haproxy) -> bool:
    edge = HaproxyEdge(profile)
    edge.apply(ROUTES)
    haproxy.digest = ROUTES.digest
    haproxy.servers = {"S1": "10.0.0.1:5000", "S2": "10.0.0.2:5000"}
    return edge.in_step(ROUTES)


def test_an_edge_that_has_it_all_is_in_step(profile: EdgeOptions, haproxy: Haproxy) -> None:
    assert in_step(profile, haproxy)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("digest", "another"),
        ("description", "another"),
        ("servers", {"S1": "10.0.0.1:5000"}),
        ("servers", {"S1": "10.0.0.1:5000", "S2": "10.0.0.9:5000"}),
        ("servers", {"S1": "10.0.0.1:5000", "S2": "10.0.0.2:5000", "S9": "10.0.0.9:5000"}),
    ],
)
def test_an_edge_that_lacks_anything_is_behind(
    profile: EdgeOptions, haproxy: Haproxy, attribute: str, value: object
) -> None:
    assert in_step(profile, haproxy)
    setattr(haproxy, attribute, value)
    assert not HaproxyEdge(profile).in_step(ROUTES)


@pytest.mark.parametrize("name", ["haproxy.cfg", "slots.map"])
def test_an_edge_whose_files_are_gone_is_behind(profile: EdgeOptions, haproxy: Haproxy, name: str) -> None:
    assert in_step(profile, haproxy)
    (profile.directory / name).unlink()
    assert not HaproxyEdge(profile).in_step(ROUTES)


WORKERS = "#<PID> <type> <reloads>\n1 master 2 [failed: 0]\n# workers\n17 worker 0\n"
OLD_WORKERS = f"{WORKERS}# old workers\n13 worker 1\n9 worker 2\n"
PROGRAMS = "# programs\n21 program 0\n"


@pytest.mark.parametrize(
    ("processes", "expected"),
    [
        (WORKERS, [5, 0, 0]),
        (WORKERS + PROGRAMS, [5, 0, 0]),
        (OLD_WORKERS, [16, 1, 0]),
        (OLD_WORKERS + PROGRAMS, [16, 1, 0]),
    ],
)
def test_what_is_in_flight_is_what_runs_and_what_waits_in_every_process(
    profile: EdgeOptions, haproxy: Haproxy, master_socket: RuntimeSocket, processes: str, expected: list[int]
) -> None:
    haproxy.connections = {"S1": ("2", "3"), "S2": ("", "0")}
    answers = {
        "show proc": processes,
        "@!13 show stat": "# pxname,svname,qcur,scur\nfleet,S1,4,6\nfleet,S2,,1\n",
        "@!9 show stat": "# pxname,svname,qcur,scur\nfleet,S1,0,1\n",
    }
    master_socket.answer = lambda command: next(text for start, text in answers.items() if command.startswith(start))
    edge = HaproxyEdge(profile)
    assert [in_flight(edge, name) for name in ("S1", "S2", "S9")] == expected


def test_progress_is_what_all_processes_have_counted(
    profile: EdgeOptions, runtime_socket: RuntimeSocket, master_socket: RuntimeSocket
) -> None:
    head = "# pxname,svname,qcur,scur,bin,bout,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,cli_abrt"
    runtime_socket.answer = lambda _: f"{head}\nfleet,S1,0,1,1000,70000,1,2,3,4,5,6,2\nfleet,S2,0,0,,,,,,,,,\n"
    master_socket.answer = lambda command: (
        OLD_WORKERS if command.startswith("show proc") else f"{head}\nfleet,S1,0,1,100,7000,0,10,0,0,0,0,1\n"
    )
    activity = HaproxyEdge(profile).activity()
    assert activity["S1"] == Activity(in_flight=3, given=84_041, taken=1200, given_up=4)
    assert activity["S2"] == Activity()


@pytest.mark.parametrize(("state", "back"), [(0, "ready"), (8, "drain")])
def test_what_is_idle_is_closed_by_a_moment_of_maintenance_in_every_process(
    profile: EdgeOptions, haproxy: Haproxy, master_socket: RuntimeSocket, state: int, back: str
) -> None:
    haproxy.servers, haproxy.states = {"S1": "10.0.0.1:5000"}, {"S1": state}
    master_socket.answer = lambda command: OLD_WORKERS if command.startswith("show proc") else ""
    HaproxyEdge(profile).close_idle("S1")
    maint, there = "set server fleet/S1 state maint", f"set server fleet/S1 state {back}"
    assert haproxy.commands == [f"{maint}; {there}"]
    told = [command.strip() for command in master_socket.commands if "set server" in command]
    assert told == [f"@!{pid} {command}" for pid in (13, 9) for command in (maint, there)]


@pytest.mark.parametrize(("name", "state"), [("S9", 0), ("S1", 1)], ids=["unknown", "being deleted"])
def test_nothing_is_closed_at_a_server_that_is_unknown_or_being_deleted(
    profile: EdgeOptions, haproxy: Haproxy, name: str, state: int
) -> None:
    haproxy.servers, haproxy.states = {"S1": "10.0.0.1:5000"}, {"S1": state}
    HaproxyEdge(profile).close_idle(name)
    assert haproxy.commands == []


def test_a_wanted_server_that_was_left_in_maintenance_is_not_in_step(profile: EdgeOptions, haproxy: Haproxy) -> None:
    assert in_step(profile, haproxy)
    haproxy.states["S1"] = 1
    assert not HaproxyEdge(profile).in_step(ROUTES)


def test_a_process_that_has_just_ended_has_nothing_in_flight(
    profile: EdgeOptions, haproxy: Haproxy, master_socket: RuntimeSocket
) -> None:
    haproxy.connections = {"S1": ("2", "3")}
    master_socket.answer = lambda command: (
        OLD_WORKERS if command.startswith("show proc") else "Can't find the target PID matching the prefix '@!9'\n"
    )
    assert in_flight(HaproxyEdge(profile), "S1") == 5


def test_the_load_is_that_of_all_processes_and_the_latency_that_of_the_current_one(
    profile: EdgeOptions, runtime_socket: RuntimeSocket, master_socket: RuntimeSocket
) -> None:
    shown = iter(["4,1000,250", "2,1400,150", "4,1800,87"])
    head = "# pxname,svname,scur,req_tot,rtime"
    rounds = iter([0, 0, 1])

    def current(command: str) -> str:
        if command == "show stat fleet 4 1\n":
            return f"{head}\nfleet,_again,{next(rounds)},9,9\n"
        return f"{head}\nfleet,BACKEND,{next(shown)}\n"

    def old(command: str) -> str:
        if command.startswith("show proc"):
            return OLD_WORKERS
        return f"{head}\nfleet,_again,1,9,9\n" if "fleet 4 1" in command else f"{head}\nfleet,BACKEND,4,7000,900\n"

    runtime_socket.answer, master_socket.answer = current, old
    edge = HaproxyEdge(profile)
    assert edge.load() == Load(10, 0.0)
    assert edge.load().in_flight == 8
    kept = (1 - 1 / 512) ** 400
    fresh = [(new - old * kept) / (1 - kept) / 1000 for old, new in ((250, 150), (150, 87))]
    assert edge.load() == Load(9, pytest.approx(sum(fresh) / 2))
    assert runtime_socket.commands == ["show stat fleet 2 -1\n", "show stat fleet 4 1\n"] * 3


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("# table: keyless, type: string, size:1, used:1\n0x1: key=missing use=0 exp=0 http_req_cnt=12\n", 12),
        ("# table: keyless, type: string, size:1, used:0\n", 0),
        ("No such table\n", 0),
    ],
)
def test_requests_without_a_key_are_counted_where_one_is_asked_for(
    profile: EdgeOptions, runtime_socket: RuntimeSocket, answer: str, expected: int
) -> None:
    runtime_socket.answer = lambda _: answer
    assert HaproxyEdge(profile).keyless() == expected
    assert runtime_socket.commands == ["show table keyless\n"]


def test_whether_it_is_in_step_costs_the_texts_of_a_ring_only_once(
    profile: EdgeOptions, haproxy: Haproxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Routes] = []

    def counted(options: EdgeOptions, routes: Routes) -> EdgeFiles:
        made.append(routes)
        return edge_files(options, routes)

    monkeypatch.setattr(edge_module, "edge_files", counted)
    edge = HaproxyEdge(profile)
    edge.apply(ROUTES)
    for _ in range(3):
        edge.in_step(ROUTES)
    assert made == [ROUTES]
