"""What an agent does with what the hub says. What a real HAProxy does: tests/contract/test_edge_agent.py."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from balancer.adapters.edges.wire import EDGE_NAME, VERBS, ActivityColumns, Beat, columns
from balancer.adapters.haproxy.config import edge_files
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.core.routes import Backend, Routes
from tests.certificates import Authority, put_edge_certificates
from tests.hub_stand_in import HubStandIn
from tests.polling import stays, until
from tests.unit.balancer.adapters.haproxy.test_config import PROFILE
from tests.unit.edge_agent.conftest import NODE
from tests.unit.edge_agent.haproxy import Haproxy

Start = Callable[..., AbstractContextManager[None]]

ROUTES = Routes(("S1", "S2") * 4, (Backend("S1", "10.0.0.1:5000"), Backend("S2", "10.0.0.2:5000")))
OTHERS = Routes(("S2",) * 8, (Backend("S2", "10.0.0.2:5000"),))


def files_of(routes: Routes = ROUTES, **changes: object) -> EdgeFiles:
    return edge_files(replace(PROFILE, **changes), routes)  # type: ignore[arg-type]


def test_it_says_its_node_and_that_its_edge_waits(hub: HubStandIn, agent: None) -> None:
    assert hub.stream.node == NODE
    assert hub.beat == Beat()


def test_the_edge_obeys_the_files_and_has_them_for_its_next_start(
    haproxy: Haproxy, hub: HubStandIn, agent: None
) -> None:
    files = files_of()
    with haproxy.running():
        until(lambda: hub.beat.serving, "HAProxy answers", within=5)
        assert hub.beat == Beat(serving=True)
        hub.offer(files)
        hub.obeyed(files)
        assert hub.beat == Beat(obeys=files.name, serving=True)
        assert haproxy.servers == {"S1": "10.0.0.1:5000", "S2": "10.0.0.2:5000"}
        assert haproxy.digest == ROUTES.digest
        assert (haproxy.directory / "haproxy.cfg").read_text() == files.configuration
        assert (haproxy.directory / "slots.map").read_text().splitlines() == files.slots_map


def test_an_edge_that_is_away_has_the_files_when_it_starts(haproxy: Haproxy, hub: HubStandIn, agent: None) -> None:
    files = files_of()
    hub.offer(files)
    until((haproxy.directory / "haproxy.cfg").exists, "the files are there", within=5)
    until(lambda: hub.beat.problem, "it says so", within=5)
    assert not hub.beat.serving
    assert "the edge does not answer" in hub.beat.problem
    with haproxy.running():
        hub.obeyed(files)
        assert hub.beat.serving


def test_an_edge_that_started_again_is_told_again(haproxy: Haproxy, hub: HubStandIn, agent: None) -> None:
    files = files_of()
    hub.offer(files)
    for _ in range(2):
        with haproxy.running():
            hub.obeyed(files)
            assert haproxy.digest == ROUTES.digest
        until(lambda: not hub.beat.serving, "it is away", within=5)


def test_an_edge_that_refuses_says_why_and_obeys_what_comes_then(
    haproxy: Haproxy, hub: HubStandIn, agent: None
) -> None:
    haproxy.refuses = "commit map"
    with haproxy.running():
        hub.offer(files_of())
        until(lambda: "the edge refused 'commit map" in hub.beat.problem, "it says why", within=5)
        assert (hub.beat.obeys, hub.beat.serving) == ("", True)
        assert "the edge does not obey the latest files" in hub.answer("activity")["error"]
        haproxy.refuses = ""
        hub.obeyed(files_of())
        assert hub.beat.problem == ""


def test_an_edge_that_finishes_what_it_has_says_so(haproxy: Haproxy, hub: HubStandIn, agent: None) -> None:
    """Else a server that drains would be stopped with the requests of an edge that is replaced."""
    with haproxy.running():
        hub.offer(files_of())
        hub.obeyed(files_of())
    with haproxy.finishing():
        until(lambda: not hub.beat.serving, "it takes nothing new", within=5)
        assert columns(hub.answer("activity")["result"]) == ActivityColumns(("S1",), ([3], [20], [10], [0]))
    assert "error" in hub.answer("activity")


def test_files_and_asks_are_done_in_the_order_in_which_they_came(
    haproxy: Haproxy, hub: HubStandIn, agent: None
) -> None:
    one, other = files_of(), files_of(OTHERS)
    with haproxy.running():
        hub.offer(one)
        hub.obeyed(one)
        stream = hub.stream
        haproxy.may_answer.clear()
        hub.offer(other)
        number = hub.ask("activity")
        stays(lambda: number not in stream.answers, "it is not answered yet", seconds=0.2)
        haproxy.may_answer.set()
        until(lambda: number in stream.answers, "it is answered", within=10)
        told = [" ".join(command.split()[:2]) for command in haproxy.commands]
        assert told.index("show stat") > max(at for at, command in enumerate(told) if command == "commit map")
        assert haproxy.digest == OTHERS.digest
        assert columns(stream.answers[number]["result"]) == ActivityColumns(("S1",), ([3], [20], [10], [0]))


def test_beats_go_on_while_the_edge_takes_long(haproxy: Haproxy, hub: HubStandIn, agent: None) -> None:
    with haproxy.running():
        until(lambda: hub.beat.serving, "HAProxy answers", within=5)
        haproxy.may_answer.clear()
        hub.offer(files_of())
        stream = hub.stream
        said = len(stream.beats)
        until(lambda: len(stream.beats) > said + 3, "beats come", within=5)
        assert stream.beats[-1].obeys == ""
        haproxy.may_answer.set()
        hub.obeyed(files_of())


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_answered(haproxy: Haproxy, hub: HubStandIn, agent: None, verb: str) -> None:
    with haproxy.running():
        answer = hub.answer(verb, **({"instance": "S1"} if verb == "close_idle" else {}))
    if verb == "exposition":
        assert "the edge's exporter does not answer" in answer["error"]
    else:
        VERBS[verb].decode(answer["result"])


def test_an_edge_that_is_away_answers_nothing(hub: HubStandIn, agent: None) -> None:
    assert "the edge does not answer" in hub.answer("activity")["error"]


@pytest.mark.parametrize(
    "said",
    [
        b"no JSON\n",
        b"5\n",
        b"[]\n",
        b"{}\n",
        b'{"files": {}}\n',
        b'{"ask": "who", "id": 1}\n',
        b'{"ask": "load"}\n',
        b'{"ask": "close_idle", "id": 1}\n',
        b'{"ask": "close_idle", "id": 1, "instance": 5}\n',
        b'{"ask": "load", "id": 1, "instance": "S1"}\n',
    ],
)
def test_a_hub_that_says_nonsense_is_left_and_another_stream_opened(hub: HubStandIn, agent: None, said: bytes) -> None:
    stream = hub.stream
    hub.say_bytes(stream, said)
    until(lambda: hub.living and hub.living[-1] is not stream, "another stream", within=10)
    assert hub.beat == Beat()


def test_what_the_edge_obeyed_is_known_to_the_next_hub(
    authority: Authority, haproxy: Haproxy, folder: Path, start_agent: Start
) -> None:
    files = files_of()
    with haproxy.running(), ExitStack() as stack:
        with HubStandIn(authority, folder / "hub") as hub:
            stack.enter_context(start_agent(hub.port))
            hub.offer(files)
            hub.obeyed(files)
        with HubStandIn(authority, folder / "hub", port=hub.port) as next_hub:
            assert next_hub.beat == Beat(obeys=files.name, serving=True)


def test_an_agent_that_starts_beside_a_serving_edge_says_so_at_once(
    haproxy: Haproxy, hub: HubStandIn, start_agent: Start
) -> None:
    """Otherwise a change would not wait for it."""
    with haproxy.running(), start_agent(hub.port):
        assert hub.beat
        assert hub.stream.beats[0].serving


def test_a_hub_of_another_name_is_told_nothing(
    authority: Authority, folder: Path, start_agent: Start, caplog: pytest.LogCaptureFixture
) -> None:
    with HubStandIn(authority, folder / "hub", name="another") as hub, start_agent(hub.port):
        until(lambda: "ringmaster-balancer" in reasons(caplog), "it does not take it", within=5)
        assert not hub.streams


def test_a_hub_of_another_authority_is_told_nothing(
    folder: Path, start_agent: Start, caplog: pytest.LogCaptureFixture
) -> None:
    with HubStandIn(Authority(), folder / "hub") as hub, start_agent(hub.port):
        until(lambda: "certificate verify failed" in reasons(caplog), "it does not take it", within=5)
        assert not hub.streams


def test_an_agent_of_another_authority_opens_no_sockets(
    hub: HubStandIn, folder: Path, start_agent: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """It takes the hub for the right one, but the hub does not take it."""
    strange = put_edge_certificates(folder / "strange", Authority().authority, EDGE_NAME)
    (strange / "ca.pem").write_bytes((folder / "certificates" / "ca.pem").read_bytes())
    with start_agent(hub.port, strange):
        until(lambda: reasons(caplog), "it was refused", within=5)
        stays(lambda: not [*(folder / "edge").glob("*.sock")], "nobody listens", seconds=1)
    assert not hub.streams


def reasons(caplog: pytest.LogCaptureFixture) -> str:
    """Why there was no stream."""
    return " ".join(getattr(record, "reason", "") for record in caplog.records)


def test_an_agent_without_certificates_waits_for_them(
    hub: HubStandIn, authority: Authority, folder: Path, start_agent: Start
) -> None:
    with start_agent(hub.port, folder / "later"):
        stays(lambda: not hub.streams, "nobody came", seconds=0.3)
        put_edge_certificates(folder / "later", authority.authority, EDGE_NAME)
        assert hub.stream
