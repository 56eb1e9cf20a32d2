"""Servers to which no connection can be made."""

from __future__ import annotations

from balancer.adapters.flask_plane.unreachable import LIMIT, REST, Unreachable

A, B = "127.0.0.1:1", "127.0.0.1:2"


def failing(*addresses: str, times: int = LIMIT) -> Unreachable:
    """As it is at the time 0, after so many failures of each."""
    unreachable = Unreachable()
    for address in addresses:
        for _ in range(times):
            unreachable.failed(address, 0)
    return unreachable


def test_it_takes_some_failures_and_each_server_has_its_own() -> None:
    assert failing(A, times=LIMIT - 1).at(0) == frozenset()
    assert failing(A).at(0) == {A}
    assert failing(A, B).at(0) == {A, B}


def test_a_success_in_between_makes_the_count_begin_again() -> None:
    unreachable = failing(A, times=LIMIT - 1)
    unreachable.reached(A)
    for _ in range(LIMIT - 1):
        unreachable.failed(A, 0)
    assert not unreachable.at(0)


def test_after_a_rest_one_request_tries_again_and_the_others_wait_for_it() -> None:
    unreachable = failing(A)
    assert unreachable.at(REST * 0.9) == {A}
    assert not unreachable.at(REST)
    unreachable.asked(A, REST)
    assert unreachable.at(REST) == {A}
    unreachable.reached(A)
    assert not unreachable.at(REST)


def test_a_try_that_fails_makes_it_rest_again() -> None:
    unreachable = failing(A)
    unreachable.failed(A, 5)
    assert unreachable.at(5 + REST * 0.9) == {A}


def test_being_asked_means_nothing_for_a_server_that_is_well() -> None:
    unreachable = Unreachable()
    unreachable.asked(A, 0)
    assert not unreachable.at(0)


def test_servers_that_are_gone_are_forgotten() -> None:
    unreachable = failing(A, B)
    unreachable.keep({B})
    assert unreachable.at(0) == {B}
    unreachable.failed(A, 0)
    assert unreachable.at(0) == {B}
