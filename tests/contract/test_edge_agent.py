"""An edge on Swarm: its image, a real HAProxy, and the agent between that and a hub."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from balancer.adapters.edges.wire import VERBS, ActivityColumns, columns
from balancer.core.routes import Backend
from tests.certificates import Authority
from tests.contract.agent_bench import AgentBench, wait_until_it_ended
from tests.contract.balancer_stand_in import StandIn, balancer_stand_in
from tests.contract.lab import Lab
from tests.contract.plane_bench import all_to
from tests.http_client import ask
from tests.polling import stays, until

pytestmark = pytest.mark.docker

AWAY = "The balancer is away, or busy; the servers are still being served. Try again in a moment"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a unix socket's has room for 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="rm-hub-") as folder:
        yield Path(folder)


@pytest.fixture
def bench(lab: Lab, tmp_path: Path, folder: Path) -> Iterator[AgentBench]:
    tmp_path.chmod(0o755)
    with AgentBench(lab, tmp_path / tmp_path.name, folder) as bench:
        yield bench


@pytest.fixture
def balancer(folder: Path) -> Iterator[StandIn]:
    with balancer_stand_in(folder) as stand_in:
        yield stand_in


def test_an_edge_waits_obeys_and_changes(bench: AgentBench, servers: tuple[Backend, ...]) -> None:
    one, two, three = servers
    assert not bench.hub.beat.serving
    until(bench.sockets, "the agent listens", within=10)
    assert bench.is_healthy()
    bench.obey(all_to(one, two))
    assert bench.hub.beat.serving
    assert bench.answers(5) == ["S1"] * 5
    before = bench.processes("haproxy")
    bench.obey(all_to(two, one))
    bench.obey(all_to(three, one))
    assert bench.answers(5) == ["S3"] * 5
    assert bench.processes("haproxy") == before
    bench.obey(all_to(two), response_timeout=21)
    assert bench.processes("haproxy") != before
    assert bench.answers(5) == ["S2"] * 5
    assert bench.is_healthy()


def test_haproxy_and_the_agent_are_started_again_and_go_on_where_they_were(
    bench: AgentBench, servers: tuple[Backend, ...]
) -> None:
    one, two, _ = servers
    bench.obey(all_to(one))
    files = bench.obey(all_to(two))
    stream = bench.hub.stream
    (agent,) = bench.processes("python3")
    bench.inside(f"kill -KILL {agent}")
    assert bench.answers(5) == ["S2"] * 5
    until(lambda: bench.hub.stream is not stream and bench.hub.stream.beats, "the agent is back and says so", within=30)
    assert bench.hub.stream.beats[0].serving
    bench.hub.obeyed(files)
    stream = bench.hub.stream
    master = bench.processes("haproxy")[0]
    bench.inside(f"kill -KILL {master}")
    until(lambda: set(bench.processes("haproxy")) - {master}, "HAProxy is back", within=10)
    until(bench.answers_at_all, "it serves", within=10)
    assert bench.answers(5) == ["S2"] * 5
    bench.hub.obeyed(files)
    assert bench.hub.stream is stream
    assert master not in bench.processes("haproxy")


def test_while_the_hub_is_away_the_edge_serves_and_control_says_so(
    bench: AgentBench, balancer: StandIn, servers: tuple[Backend, ...]
) -> None:
    one, two, _ = servers
    bench.obey(all_to(one))
    until(lambda: ask("GET", bench.url, "/rep").status == 200, "the balancer is found", within=10)
    assert bench.sockets() == {"balancer.sock 600 10001", "control.sock 600 10001"}
    bench.leave()
    until(lambda: not bench.sockets(), "nobody listens", within=10)
    until(lambda: ask("GET", bench.control_url, "/rep").status == 503, "the balancer is away", within=10)
    for answer in (ask("GET", bench.control_url, "/rep"), ask("POST", bench.url, "/add", body=b"{}")):
        assert (answer.status, answer.document["message"]) == (503, f"<Error> {AWAY}")
    assert bench.answers(5) == ["S1"] * 5
    assert bench.is_healthy()
    bench.come_back()
    until(lambda: ask("GET", bench.control_url, "/rep").status == 200, "the balancer is found again", within=10)
    bench.obey(all_to(two))
    assert bench.answers(5) == ["S2"] * 5


def test_requests_reach_the_balancers_sockets_and_their_answers_come_back(
    bench: AgentBench, balancer: StandIn, servers: tuple[Backend, ...]
) -> None:
    bench.obey(all_to(servers[0]))
    until(lambda: ask("GET", bench.control_url, "/rep").status == 200, "the balancer is found", within=10)
    body = b"x" * 60_000
    assert ask("POST", bench.control_url, "/deploy", body=body).status == 200
    assert ask("POST", bench.url, "/add", body=b"{}").status == 200
    (deploy,), (add,) = balancer.of("/deploy"), balancer.of("/add")
    assert (deploy.socket, deploy.body, add.socket) == ("control.sock", body, "balancer.sock")
    assert add.headers["X-Ringmaster-Client"]


def test_an_event_stream_comes_as_it_is_written_and_ends_with_its_client(
    bench: AgentBench, balancer: StandIn, servers: tuple[Backend, ...]
) -> None:
    bench.obey(all_to(servers[0]))
    until(lambda: ask("GET", bench.control_url, "/rep").status == 200, "the balancer is found", within=10)
    with closing(HTTPConnection(urlsplit(bench.control_url).netloc, timeout=20)) as client:
        client.request("GET", "/events", headers={"X-Silence": "1"})
        with client.getresponse() as response:
            assert [response.readline() for _ in range(3)] == [b"data: x\n", b"\n", b"data: x\n"]
            assert balancer.running["control.sock GET"] >= 1
    until(lambda: not balancer.running["control.sock GET"], "the balancer knows", within=5)


def test_the_edge_answers_what_the_hub_asks(bench: AgentBench, servers: tuple[Backend, ...]) -> None:
    bench.obey(all_to(servers[0]))
    bench.answers(3)
    found = {
        verb: VERBS[verb].decode(
            bench.hub.answer(verb, **({"instance": "S1"} if verb == "close_idle" else {}))["result"]
        )
        for verb in VERBS
    }
    in_flight, given, *_ = figures(found["activity"], "S1")
    assert in_flight == 0
    assert given > 0
    assert found["counters"]["S1"].requests == 3
    assert (found["load"].in_flight, found["keyless"], found["old_processes"]) == (0, 0, 0)
    assert found["certificates"] == ()
    assert 'server="S1"' in found["exposition"]


def figures(activity: ActivityColumns, instance: str) -> list[int]:
    """In the order of wire.ACTIVITY."""
    return [column[activity.instances.index(instance)] for column in activity.figures]


def test_the_soft_stop_lets_requests_finish_and_ends_the_container(
    bench: AgentBench, servers: tuple[Backend, ...]
) -> None:
    bench.obey(all_to(servers[0]))
    with closing(HTTPConnection(urlsplit(bench.url).netloc, timeout=20)) as client:
        client.putrequest("POST", "/echo")
        client.putheader("Content-Length", "50000")
        client.endheaders(b"-" * 30_000)
        until(lambda: figures(columns(bench.hub.answer("activity")["result"]), "S1")[0], "it is in flight", within=5)
        bench.container.kill("SIGUSR1")
        until(lambda: not bench.hub.beat.serving, "it takes no more", within=10)
        stays(lambda: bench.processes("haproxy"), "it finishes", seconds=1)
        client.send(b"-" * 20_000)
        assert client.getresponse().status == 200
    assert wait_until_it_ended(bench.container) == 0


def test_a_waiting_edge_ends_at_once(bench: AgentBench) -> None:
    assert not bench.hub.beat.serving
    bench.container.kill("SIGUSR1")
    assert wait_until_it_ended(bench.container) == 0


def test_an_edge_with_a_certificate_of_somebody_else_gets_nothing(lab: Lab, tmp_path: Path, folder: Path) -> None:
    """Neither side takes the other."""
    tmp_path.chmod(0o755)
    with AgentBench(lab, tmp_path / tmp_path.name, folder, certificates_of=Authority()) as bench:
        until(lambda: "certificate verify failed" in bench.log, "the edge does not take the hub", within=20)
        assert not bench.is_healthy()
        authority = tmp_path / tmp_path.name / "ca.pem"
        authority.write_bytes(bench.authority.authority.cert_pem.bytes())
        until(lambda: "reset by peer" in bench.log or "unknown ca" in bench.log, "the hub refuses it", within=20)
        stays(lambda: not bench.hub.streams and not bench.sockets(), "nobody came", seconds=1)
