"""Silent servers are off the ring while few are silent; where most are, they stay, and one after another goes."""

from __future__ import annotations

import pytest

from balancer.core.fleet import Server
from balancer.core.lifecycle import State
from balancer.core.silence import Identity, Silences
from balancer.core.verdict import Verdict, judge

STATES = {"+": State.SERVING, "-": State.SILENT, "s": State.SPARE}


def servers(states: str) -> list[Server]:
    """S1, S2 …: "+" serves, "-" is silent, "s" is a spare."""
    return [Server(f"S{number}", number, STATES[state]) for number, state in enumerate(states, 1)]


def ids(*numbers: int) -> frozenset[Identity]:
    return frozenset((number, 1) for number in numbers)


def names(*numbers: int) -> tuple[str, ...]:
    return tuple(f"S{number}" for number in numbers)


def judged(
    states: str, *silent: int, hung: tuple[int, ...] = (), lifeless: tuple[int, ...] = (), is_whole: bool = True
) -> Verdict:
    """All servers that are not silent answer."""
    silences = Silences(
        silent=ids(*silent),
        answering=ids(*range(1, len(states) + 1)) - ids(*silent),
        hung=ids(*hung, *lifeless),
        lifeless=ids(*lifeless),
    )
    return judge(servers(states), silences, is_whole=is_whole)


def verdict(
    *,
    silenced: tuple[int, ...] = (),
    answered: tuple[int, ...] = (),
    hung: tuple[int, ...] = (),
    crowd: tuple[int, ...] = (),
) -> Verdict:
    return Verdict(silenced=names(*silenced), answered=names(*answered), hung=names(*hung), crowd=names(*crowd))


@pytest.mark.parametrize(
    ("states", "silent", "expected"),
    [
        ("", (), verdict()),
        ("+++", (), verdict()),
        ("+++", (2,), verdict(silenced=(2,))),
        ("+-+", (2,), verdict()),
        ("+-+", (), verdict(answered=(2,))),
        ("++", (1,), verdict(silenced=(1,))),
        ("++++", (1, 2), verdict(silenced=(1, 2))),
        ("-+++", (1, 2), verdict(silenced=(2,))),
        ("--++", (2,), verdict(answered=(1,))),
    ],
)
def test_a_few_silent_servers_leave_the_ring_and_come_back(
    states: str, silent: tuple[int, ...], expected: Verdict
) -> None:
    assert judged(states, *silent) == expected


@pytest.mark.parametrize(
    ("states", "silent", "expected"),
    [
        ("+", (1,), verdict(crowd=(1,))),
        ("-", (1,), verdict(answered=(1,), crowd=(1,))),
        ("++", (1, 2), verdict(crowd=(1, 2))),
        ("-++", (1, 3), verdict(answered=(1,), crowd=(1, 3))),
        ("--+", (1, 2), verdict(answered=(1, 2), crowd=(1, 2))),
        ("++++", (1, 2, 3), verdict(crowd=(1, 2, 3))),
    ],
)
def test_where_more_than_half_are_silent_all_stay_on_the_ring_or_go_back(
    states: str, silent: tuple[int, ...], expected: Verdict
) -> None:
    assert judged(states, *silent, hung=silent) == expected


def test_hung_servers_are_replaced_at_once_where_they_are_few() -> None:
    assert judged("+-+-+", 2, 4, hung=(2, 4)) == verdict(hung=(2, 4))
    assert judged("+++", 1, hung=(1,)) == verdict(hung=(1,))


def test_in_a_crowd_only_a_lifeless_server_is_replaced_and_one_after_the_other() -> None:
    assert judged("+++", 1, 2, 3, lifeless=(2, 3)) == verdict(hung=(2,), crowd=(1, 2, 3))
    assert judged("--+", 1, 2, lifeless=(1,)) == verdict(answered=(2,), hung=(1,), crowd=(1, 2))
    assert judged("+++", 1, 2, 3, lifeless=(2, 3), is_whole=False) == verdict(crowd=(1, 2, 3))


def test_spares_do_not_count_and_are_replaced_when_they_hang_and_there_is_no_crowd() -> None:
    assert judged("++ss", 3, 4, hung=(3, 4)) == verdict(hung=(3, 4))
    assert judged("++s", 3) == verdict()
    assert judged("+ss", 1, 2, hung=(2,)) == verdict(crowd=(1,))


def test_a_server_that_was_silent_before_a_restart_stays_so_until_it_answers() -> None:
    known = Silences(answering=ids(1, 3))
    assert judge(servers("+-+"), known, is_whole=True) == verdict()
    assert judge(servers("+-+"), Silences(answering=ids(1, 2, 3)), is_whole=True) == verdict(answered=(2,))
    assert judge(servers("---"), Silences(), is_whole=True) == verdict(answered=(1, 2, 3), crowd=(1, 2, 3))


@pytest.mark.parametrize(
    ("states", "silent", "lost", "expected"),
    [
        ("+++", (1, 2), (1, 2), verdict(silenced=(1, 2))),
        ("--+", (1, 2), (1, 2), verdict()),
        ("+++", (1, 2, 3), (1, 2, 3), verdict(silenced=(1, 2, 3))),
        ("++++", (1, 2, 3), (1, 2), verdict(silenced=(1, 2, 3))),
        ("+++", (1, 2, 3), (1, 2), verdict(silenced=(1, 2), crowd=(3,))),
        ("+++", (3,), (1, 2), verdict(silenced=(3,))),
        ("-++", (), (1, 2), verdict(answered=(1,))),
    ],
)
def test_a_lost_node_explains_the_silence_of_its_own_servers_only(
    states: str, silent: tuple[int, ...], lost: tuple[int, ...], expected: Verdict
) -> None:
    silences = Silences(silent=ids(*silent), answering=ids(*range(1, len(states) + 1)) - ids(*silent))
    assert judge(servers(states), silences, is_whole=True, on_lost_nodes=names(*lost)) == expected


def test_servers_on_a_lost_node_do_not_count_as_hung() -> None:
    silences = Silences(silent=ids(1, 2, 3), hung=ids(1, 2, 3), lifeless=ids(3))
    beside_a_crowd = judge(servers("+++s"), silences, is_whole=True, on_lost_nodes=names(1, 2))
    assert beside_a_crowd == verdict(silenced=(1, 2), hung=(3,), crowd=(3,))
    beside_a_few = judge(servers("+-++"), silences, is_whole=True, on_lost_nodes=names(1, 2))
    assert beside_a_few == verdict(silenced=(1,), hung=(3,))
