"""What the edge's answers say of its traffic. What a real HAProxy counts: tests/contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from balancer.adapters.haproxy.traffic import HaproxyTraffic
from balancer.core.errors import PlaneUnavailable
from balancer.core.server_load import ServerCounters
from balancer.core.traffic import NOTHING_COUNTED, CountedKey, KeyCounts
from tests.unit.balancer.adapters.haproxy.conftest import RuntimeSocket

HEAD = "# pxname,svname,qcur,scur,hrsp_5xx,req_tot,last_chk,rtime"
WAY_ROUND = "fleet,_again,0,5,9,99,,7"


class Processes:
    """The processes behind the master socket. `shown`: process id → its answer; the first one is the current one."""

    def __init__(self, master_socket: RuntimeSocket) -> None:
        self.shown: dict[str, str] = {}
        master_socket.answer = self._answer

    def _answer(self, command: str) -> str:
        current, *old = self.shown
        if command.startswith("show proc"):
            older = "".join(f"{pid} worker 1\n" for pid in old)
            return f"#<PID> <type>\n1 master 0\n# workers\n{current} worker 0\n# old workers\n{older}# programs\n"
        pid, _, question = command.removeprefix("@!").partition(" ")
        assert question == "show stat fleet 4 -1\n"
        return self.shown[pid]


@pytest.fixture
def processes(master_socket: RuntimeSocket) -> Processes:
    return Processes(master_socket)


@pytest.fixture
def traffic(directory: Path) -> HaproxyTraffic:
    return HaproxyTraffic(directory)


def stat(*rows: str) -> str:
    return "\n".join([HEAD, WAY_ROUND, *rows, ""])


def test_counters_are_those_of_the_servers_and_not_of_the_way_round(
    traffic: HaproxyTraffic, processes: Processes
) -> None:
    processes.shown = {"8": stat('fleet,S1,2,3,4,500,"L4CON, refused",120', "fleet,S2,,,,,,")}
    assert traffic.counters() == {"S1": ServerCounters(5, 500, 4, 0.12), "S2": ServerCounters()}


def test_an_old_process_counts_until_it_ends_and_what_it_counted_stays(
    traffic: HaproxyTraffic, processes: Processes
) -> None:
    processes.shown = {"8": stat("fleet,S1,0,3,4,500,,120")}
    assert traffic.counters()["S1"] == ServerCounters(3, 500, 4, 0.12)
    processes.shown = {"9": stat("fleet,S1,0,1,0,10,,"), "8": stat("fleet,S1,0,2,5,505,,125")}
    assert traffic.counters()["S1"] == ServerCounters(3, 515, 5, 0.125)
    processes.shown = {"9": stat("fleet,S1,0,1,1,30,,80")}
    assert traffic.counters()["S1"] == ServerCounters(1, 535, 6, 0.08)


def test_an_edge_that_restarts_counts_on(traffic: HaproxyTraffic, processes: Processes) -> None:
    """Its process may have the same id as before."""
    processes.shown = {"8": stat("fleet,S1,0,0,4,500,,120")}
    traffic.counters()
    processes.shown = {"8": stat("fleet,S1,0,0,0,7,,1")}
    assert traffic.counters()["S1"] == ServerCounters(0, 507, 4, 0.001)


def test_a_server_that_was_removed_is_forgotten(traffic: HaproxyTraffic, processes: Processes) -> None:
    processes.shown = {"8": stat("fleet,S1,0,0,4,500,,120")}
    traffic.counters()
    processes.shown = {"8": stat()}
    assert traffic.counters() == {}
    processes.shown = {"8": stat("fleet,S1,0,0,0,3,,")}
    assert traffic.counters()["S1"].requests == 3


def test_a_process_that_has_just_ended_says_nothing(traffic: HaproxyTraffic, processes: Processes) -> None:
    gone = "Can't find the target PID matching the prefix '@!7'\n"
    processes.shown = {"8": stat("fleet,S1,0,1,0,10,,1"), "7": gone}
    assert traffic.counters() == {"S1": ServerCounters(1, 10, 0, 0.001)}


def test_half_a_row_of_a_process_that_ends_is_none(traffic: HaproxyTraffic, processes: Processes) -> None:
    processes.shown = {"20": stat("fleet,S1,0,1,2,30,,40") + "\nfleet,S2,0"}
    assert traffic.counters().keys() == {"S1"}


def test_without_an_edge_nobody_can_tell(traffic: HaproxyTraffic) -> None:
    with pytest.raises(PlaneUnavailable, match="the edge does not answer"):
        traffic.counters()
    with pytest.raises(PlaneUnavailable, match="the edge does not answer"):
        traffic.keys()


def test_keys_are_read_from_their_table(traffic: HaproxyTraffic, runtime_socket: RuntimeSocket) -> None:
    runtime_socket.answer = lambda _: (
        "# table: traffic, type: string, size:8192, used:3\n"
        "0x7f74b3e327c8: key=3F942B0C:387 use=0 exp=593874 shard=0 http_req_cnt=5\n"
        "0x7f74b3e32708: key=753A727D:71 use=1 exp=593865 shard=0 http_req_cnt=12\n"
        "0x7f74b3e32709: key=something else use=1 exp=593865 shard=0 http_req_cnt=9\n"
    )
    assert traffic.keys() == KeyCounts(1 / 16, (CountedKey(387, "3f942b0c", 5), CountedKey(71, "753a727d", 12)))
    assert runtime_socket.commands == ["show table traffic\n"]


def test_where_there_is_no_table_no_keys_are_counted(traffic: HaproxyTraffic, runtime_socket: RuntimeSocket) -> None:
    runtime_socket.answer = lambda _: "No such table\n"
    assert traffic.keys() == NOTHING_COUNTED
