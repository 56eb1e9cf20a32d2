"""Latencies count from when a request was due: what becomes due while a server stands still waits, and that is told."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from loadtests.bench.fixed_rate import Generator, percentile, told

MILLISECOND = 10**6
ANSWER = b"HTTP/1.1 200 OK\r\nServer: me\r\nContent-Length: 2\r\n\r\nok"
REQUEST = b"GET /home HTTP/1.1\r\nHost: me\r\n\r\n"

Answering = Callable[[int, socket.socket], bool]
"""Answers the request of that number, from 1, over all connections. False: the connection is closed."""


@contextmanager
def server(answering: Answering) -> Iterator[tuple[str, int]]:
    """One request at a time, like a process with one thread."""
    numbers = iter(range(1, 10**9))
    one_at_a_time = threading.Lock()

    def serve(connection: socket.socket) -> None:
        with connection:
            while connection.recv(65536):
                with one_at_a_time:
                    if not answering(next(numbers), connection):
                        return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def answer(_number: int, connection: socket.socket) -> bool:
    connection.sendall(ANSWER)
    return True


def sent(answering: Answering, *, requests: int, rate: float, connections: int = 4) -> Generator:
    with server(answering) as address:
        generator = Generator(address, connections)
        try:
            generator.run([REQUEST] * requests, rate)
        finally:
            generator.close()
    return generator


def test_every_request_is_sent_and_answered() -> None:
    generator = sent(answer, requests=200, rate=2000)
    assert all(generator.latencies)
    assert len(generator.late) == 200
    assert generator.faults == {}


def test_a_stall_of_the_server_is_in_the_latencies_of_all_that_became_due_meanwhile() -> None:
    """A generator that waits for an answer before the next request would tell of one long latency, or of one for each
    connection. Here 100 become due in 200 ms: the first of them waits for all of that, the last for next to nothing."""

    def stall_once(number: int, connection: socket.socket) -> bool:
        if number == 50:
            time.sleep(0.2)
        return answer(number, connection)

    generator = sent(stall_once, requests=500, rate=500)
    assert generator.faults == {}
    assert sum(latency >= 100 * MILLISECOND for latency in generator.latencies) >= 49
    figures = told(generator, 0)
    assert isinstance(figures["p999_us"], int)
    assert figures["p999_us"] >= 200_000
    assert isinstance(figures["p99_us"], int)
    assert figures["p99_us"] >= 180_000


def test_an_answer_may_come_in_parts() -> None:
    def in_parts(_number: int, connection: socket.socket) -> bool:
        for part in (ANSWER[:20], ANSWER[20:-1], ANSWER[-1:]):
            connection.sendall(part)
            time.sleep(0.002)
        return True

    generator = sent(in_parts, requests=20, rate=1000)
    assert all(latency >= 4 * MILLISECOND for latency in generator.latencies)
    assert generator.faults == {}


def test_other_answers_and_none_are_faults() -> None:
    def badly(number: int, connection: socket.socket) -> bool:
        if number == 10:
            return False
        connection.sendall(ANSWER.replace(b"200 OK", b"503 No") if number == 20 else ANSWER)
        return True

    generator = sent(badly, requests=100, rate=2000)
    assert generator.faults == {"read": 1, "status": 1}
    assert generator.latencies.count(0) == 1


def test_a_connection_that_is_closed_after_its_answer_is_no_fault() -> None:
    def once(number: int, connection: socket.socket) -> bool:
        answer(number, connection)
        connection.shutdown(socket.SHUT_WR)
        return False

    generator = sent(once, requests=3, rate=50)
    assert generator.faults == {}


def test_where_nobody_listens_it_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    with pytest.raises(ConnectionRefusedError):
        Generator(address, 1)


@pytest.mark.parametrize(("part", "expected"), [(0.5, 500), (0.99, 990), (0.999, 999), (1.0, 1000)])
def test_percentiles_are_values_that_were_measured(part: float, expected: int) -> None:
    assert percentile(range(1000, 0, -1), part) == expected
    assert percentile([7], part) == 7


def test_what_warms_up_does_not_count_but_its_faults_do() -> None:
    generator = Generator.__new__(Generator)
    generator.latencies = [9_000_000] * 10 + [0] + [1_000_000] * 9
    generator.late = [500_000] * 10 + [2_000] * 10
    generator.faults = Counter({"read": 1})
    assert told(generator, 10) == {
        "requests": 9,
        "p50_us": 1000,
        "p99_us": 1000,
        "p999_us": 1000,
        "most_us": 1000,
        "late_us": 2,
        "faults": {"read": 1},
    }
