"""A server's life: every pair of state and event."""

from __future__ import annotations

from itertools import product

import pytest

from balancer.core.errors import IllegalTransition
from balancer.core.lifecycle import TRANSITIONS, State, Trigger, after

LIFE = {
    (State.JOINING, Trigger.READY): State.SERVING,
    (State.JOINING, Trigger.SPARED): State.SPARE,
    (State.JOINING, Trigger.FAILED): State.GONE,
    (State.SPARE, Trigger.PROMOTED): State.SERVING,
    (State.SPARE, Trigger.FAILED): State.GONE,
    (State.SPARE, Trigger.DISMISSED): State.GONE,
    (State.SERVING, Trigger.FAILED): State.DOWN,
    (State.SERVING, Trigger.REMOVED): State.LEAVING,
    (State.SERVING, Trigger.SILENCED): State.SILENT,
    (State.SILENT, Trigger.ANSWERED): State.SERVING,
    (State.SILENT, Trigger.FAILED): State.DOWN,
    (State.SILENT, Trigger.REMOVED): State.LEAVING,
    (State.DOWN, Trigger.REPLACED): State.GONE,
    (State.LEAVING, Trigger.STOPPED): State.GONE,
}


@pytest.mark.parametrize(("state", "event"), list(product(State, Trigger)))
def test_every_pair_leads_where_it_shall_or_nowhere(state: State, event: Trigger) -> None:
    if (state, event) in LIFE:
        assert after(state, event) is LIFE[state, event]
    else:
        with pytest.raises(IllegalTransition, match=f"a server that is {state} cannot be {event}"):
            after(state, event)


def test_nobody_comes_back_from_gone() -> None:
    assert not [event for state, event in TRANSITIONS if state is State.GONE]


def test_a_passing_heartbeat_never_brings_a_leaving_or_dead_server_back() -> None:
    ways = {pair for pair, to in TRANSITIONS.items() if to is State.SERVING}
    assert ways == {
        (State.JOINING, Trigger.READY),
        (State.SPARE, Trigger.PROMOTED),
        (State.SILENT, Trigger.ANSWERED),
    }


def test_every_life_can_end() -> None:
    ends = {State.GONE}
    while len(ends) < len(State):
        more = {state for (state, _), to in TRANSITIONS.items() if to in ends} - ends
        assert more, f"no way to the end from {set(State) - ends}"
        ends |= more
