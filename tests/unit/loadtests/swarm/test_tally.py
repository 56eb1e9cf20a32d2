"""What a tally counts, and that several put together are what one would have counted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from loadtests.swarm.tally import Tally


@dataclass
class Answer:
    """What the tally looks at in locust's response; without an answer its status is 0 and it has no headers."""

    status_code: int
    headers: dict[str, str] | None = field(default_factory=dict)


def answer(server: str, status: int = 200) -> Answer:
    return Answer(status, {"X-Served-By": server})


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_answers_are_counted_by_server_and_second() -> None:
    clock = Clock()
    tally = Tally(clock)
    tally.on_request(response=answer("S1"))
    clock.now = 1000.99
    tally.on_request(response=answer("S2"))
    clock.now = 1001.0
    tally.on_request(response=answer("S1", 500), name="/home", exception=OSError())
    assert tally.seconds == {1000: {"S1": 1, "S2": 1}, 1001: {"S1": 1}}
    assert tally.servers == {"S1": 2, "S2": 1}
    assert tally.statuses == {200: 2, 500: 1}


def test_an_answer_that_no_server_signed_has_a_status_only() -> None:
    tally = Tally()
    tally.on_request(response=Answer(503))
    assert (tally.statuses, tally.servers) == ({503: 1}, {})


def test_a_request_without_an_answer_is_no_answer() -> None:
    tally = Tally()
    tally.on_request(response=Answer(0, None), exception=ConnectionRefusedError())
    tally.on_request(name="not of HTTP at all")
    assert (tally.statuses, tally.servers) == ({}, {})


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.sampled_from(["S1", "S2", "S3"])), max_size=40))
def test_workers_reports_put_together_are_what_one_process_would_have_counted(
    requests: list[tuple[int, int, str]],
) -> None:
    clock = Clock()
    alone, master = Tally(clock), Tally(clock)
    workers = [Tally(clock) for _ in range(3)]
    for number, (worker, second, server) in enumerate(requests):
        clock.now = 1000.0 + second
        alone.on_request(response=answer(server))
        workers[worker].on_request(response=answer(server))
        if number % 7 == 0:
            master.merge(workers[worker].drain())
    for worker in workers:
        master.merge(worker.drain())
    assert (master.seconds, master.statuses) == (alone.seconds, alone.statuses)


def test_what_was_reported_is_not_reported_again() -> None:
    tally = Tally()
    tally.on_request(response=answer("S1"))
    assert json.dumps(tally.drain())
    assert tally.drain() == {"statuses": {}, "seconds": {}}
