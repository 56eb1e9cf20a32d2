"""Text in, text out, over a unix socket."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from balancer.adapters.haproxy import runtime_api
from balancer.adapters.haproxy.runtime_api import RuntimeApi
from balancer.core.errors import PlaneUnavailable
from tests.unit.balancer.adapters.haproxy.conftest import RuntimeSocket


@pytest.fixture
def api(runtime_socket: RuntimeSocket) -> RuntimeApi:
    return RuntimeApi(runtime_socket.path)


def test_a_command_is_one_line_and_its_answer_comes_back_without_blank_lines(
    api: RuntimeApi, runtime_socket: RuntimeSocket
) -> None:
    runtime_socket.answer = lambda _: "\nName: HAProxy\nVersion: 3.0\n\n"
    assert api.ask("show info") == "Name: HAProxy\nVersion: 3.0"
    assert runtime_socket.commands == ["show info\n"]


def test_a_payload_ends_with_an_empty_line(api: RuntimeApi, runtime_socket: RuntimeSocket) -> None:
    api.ask("add map @1 slots.map", "0 S1\n1 S2")
    assert runtime_socket.commands == ["add map @1 slots.map <<\n0 S1\n1 S2\n\n"]


def test_a_long_answer_comes_back_whole(api: RuntimeApi, runtime_socket: RuntimeSocket) -> None:
    runtime_socket.answer = lambda _: "x" * 1_000_000
    assert len(api.ask("show map")) == 1_000_000


@pytest.mark.parametrize(
    ("expect", "answer"),
    [("", ""), ("", "\n"), ("Success=1", "Success=1\n--\nlogs"), ("New server", "New server registered.")],
)
def test_an_expected_answer_is_returned(
    api: RuntimeApi, runtime_socket: RuntimeSocket, expect: str, answer: str
) -> None:
    runtime_socket.answer = lambda _: answer
    assert api.do("a command", expect=expect) == answer.strip()


@pytest.mark.parametrize(
    ("expect", "answer"),
    [
        ("", "No such server."),
        ("Success=1", "Success=0\n--\nerror"),
        ("New server", ""),
        ("New server", "A New server"),
    ],
)
def test_any_other_answer_is_a_refusal_that_is_quoted(
    api: RuntimeApi, runtime_socket: RuntimeSocket, expect: str, answer: str
) -> None:
    runtime_socket.answer = lambda _: answer
    with pytest.raises(PlaneUnavailable, match="the edge refused 'a command': ") as refused:
        api.do("a command", expect=expect)
    assert str(refused.value).endswith(answer)


def test_without_a_socket_the_plane_is_away(directory: Path) -> None:
    with pytest.raises(PlaneUnavailable, match=r"the edge does not answer at .*nobody\.sock"):
        RuntimeApi(directory / "nobody.sock").ask("show info")


def test_with_nobody_behind_the_socket_the_plane_is_away(directory: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(directory / "dead.sock"))
    with pytest.raises(PlaneUnavailable, match="the edge does not answer"):
        RuntimeApi(directory / "dead.sock").ask("show info")


def test_a_refused_connection_is_tried_again_where_that_is_asked_for(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as late:
        late.bind(str(directory / "late.sock"))
        monkeypatch.setattr(runtime_api, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=lambda _: late.listen()))
        with pytest.raises(PlaneUnavailable, match="timed out"):
            RuntimeApi(directory / "late.sock", retry_for=5, timeout=0.05).ask("show info")


def test_the_trying_again_ends(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 2.0])
    monkeypatch.setattr(runtime_api, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda _: None))
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(directory / "dead.sock"))
        with pytest.raises(PlaneUnavailable, match="does not answer"):
            RuntimeApi(directory / "dead.sock", retry_for=2).ask("show info")
    assert not list(clock)


def test_an_edge_that_takes_the_command_and_says_nothing_is_away(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_api, "_TIMEOUT", 0.05)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(directory / "mute.sock"))
        mute.listen()
        with pytest.raises(PlaneUnavailable, match="timed out"):
            RuntimeApi(directory / "mute.sock").ask("show info")


def test_of_many_commands_so_many_are_under_way_at_once(api: RuntimeApi, runtime_socket: RuntimeSocket) -> None:
    three = threading.Barrier(3)
    runtime_socket.answer = lambda _: "" if three.wait(30) < 3 else "No."
    api.do_all([(f"command {number}", "payload") for number in range(6)], at_once=3)
    assert sorted(runtime_socket.commands) == [f"command {number} <<\npayload\n\n" for number in range(6)]


def test_a_refusal_among_many_commands_is_quoted(api: RuntimeApi, runtime_socket: RuntimeSocket) -> None:
    runtime_socket.answer = lambda command: "No." if command.startswith("command 3") else ""
    with pytest.raises(PlaneUnavailable, match="the edge refused 'command 3': No"):
        api.do_all([(f"command {number}", "payload") for number in range(4)], at_once=2)
