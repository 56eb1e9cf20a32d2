"""The sockets that HAProxy takes for the balancer's, and what is carried from them."""

from __future__ import annotations

import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path

import pytest

from balancer.adapters.edges.wire import TUNNELS
from balancer.adapters.haproxy.config import CONTROL_PLACES, PUBLIC_PLACES
from edge_agent.tunnels import MOST
from tests.certificates import Authority
from tests.hub_stand_in import HubStandIn
from tests.polling import stays, until

SOME = b"x" * 300_000


@pytest.fixture
def balancer(folder: Path) -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(folder / "hub" / "control.sock"))
        listener.listen(200)
        listener.settimeout(20)
        yield listener


@pytest.fixture
def path(folder: Path, agent: None) -> Path:
    path = folder / "edge" / "control.sock"
    until(path.exists, "the agent listens", within=10)
    return path


def connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)

    def is_taken() -> bool:
        """The path is there a moment before somebody listens."""
        try:
            connection.connect(str(path))
        except ConnectionRefusedError:
            return False
        return True

    until(is_taken, "the agent listens", within=10)
    return connection


def whole(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_the_sockets_are_there_while_the_hub_is_and_for_this_user_alone(
    authority: Authority, folder: Path, start_agent: Callable[[int], AbstractContextManager[None]]
) -> None:
    paths = [folder / "edge" / name for name in TUNNELS]
    paths[0].touch()
    port = 0
    with HubStandIn(authority, folder / "hub") as hub:
        port = hub.port
        running = start_agent(port)
        running.__enter__()
        until(lambda: all(path.is_socket() for path in paths), "the agent listens", within=10)
        assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o600, 0o600]
    until(lambda: not any(path.exists() for path in paths), "nobody listens", within=10)
    with HubStandIn(authority, folder / "hub", port=port):
        until(lambda: all(path.is_socket() for path in paths), "the agent listens again", within=10)
        running.__exit__(None, None, None)
    assert not any(path.exists() for path in paths)


def test_bytes_go_both_ways(balancer: socket.socket, path: Path) -> None:
    with connected(path) as edge:
        edge.sendall(b"a question")
        there, _ = balancer.accept()
        with there:
            there.settimeout(20)
            assert there.recv(100) == b"a question"
            sending = threading.Thread(target=there.sendall, args=(SOME,))
            sending.start()
            got = bytearray()
            while len(got) < len(SOME):
                got += edge.recv(65536)
            sending.join()
            assert got == SOME
            edge.sendall(b"another")
            assert there.recv(100) == b"another"


def test_the_end_of_the_answer_is_the_end_of_the_connection(balancer: socket.socket, path: Path) -> None:
    with connected(path) as edge:
        edge.sendall(b"a question")
        there, _ = balancer.accept()
        with there:
            assert there.recv(100) == b"a question"
            there.sendall(SOME)
        assert whole(edge) == SOME


def test_a_client_that_has_said_all_still_gets_its_answer(balancer: socket.socket, path: Path) -> None:
    with connected(path) as edge:
        edge.sendall(b"a question")
        edge.shutdown(socket.SHUT_WR)
        there, _ = balancer.accept()
        with there:
            there.settimeout(20)
            assert there.recv(100) == b"a question"
            there.sendall(SOME)
        assert whole(edge) == SOME


@pytest.mark.parametrize("is_half_closed_first", [False, True])
def test_a_client_that_leaves_ends_the_balancers_connection(
    balancer: socket.socket, path: Path, is_half_closed_first: bool
) -> None:
    """So that an event stream ends with its client."""
    with connected(path) as edge:
        edge.sendall(b"a question")
        there, _ = balancer.accept()
        if is_half_closed_first:
            edge.shutdown(socket.SHUT_WR)
            stays(lambda: True, "the agent has seen it", seconds=0.3)
    with there:
        there.settimeout(20)
        assert whole(there) == b"a question"


def test_a_balancer_that_is_not_there_ends_the_connection(path: Path) -> None:
    with connected(path) as edge:
        edge.sendall(b"a question")
        assert whole(edge) == b""


def test_what_is_carried_ends_with_the_stream(hub: HubStandIn, balancer: socket.socket, path: Path) -> None:
    with connected(path) as edge:
        edge.sendall(b"a question")
        there, _ = balancer.accept()
        with there:
            hub.close(hub.stream)
            assert whole(edge) == b""


def test_there_is_room_for_all_that_haproxy_sends_at_once(balancer: socket.socket, path: Path) -> None:
    assert 2 * sum((*PUBLIC_PLACES, *CONTROL_PLACES)) < MOST
    edges = [connected(path) for _ in range(100)]
    try:
        for edge in edges:
            edge.sendall(b"a question")
        there = [balancer.accept()[0] for _ in edges]
        for each in there:
            each.close()
    finally:
        for edge in edges:
            edge.close()


def test_more_wait_for_their_turn(balancer: socket.socket, path: Path) -> None:
    with ExitStack() as stack:
        there = []
        for _ in range(MOST):  # one by one: a busy machine may take longer for all at once than the agent waits
            stack.enter_context(connected(path))
            there.append(stack.enter_context(balancer.accept()[0]))
        stack.enter_context(connected(path))
        balancer.settimeout(0.5)
        with pytest.raises(TimeoutError):
            balancer.accept()
        there[0].close()
        balancer.settimeout(20)
        stack.enter_context(balancer.accept()[0])
