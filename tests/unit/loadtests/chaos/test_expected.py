"""What N, ring profile, weights and environments may be after calls."""

from __future__ import annotations

import pytest

from loadtests.chaos.expected import (
    ENVIRONMENT,
    PROFILE,
    FleetServer,
    FleetState,
    Write,
    changed,
    possible_environments,
    possible_targets,
    possible_values,
)


@pytest.mark.parametrize(
    ("calls", "possible"),
    [
        ([], {6}),
        ([(2, 200)], {8}),
        ([(-1, 200), (2, 200)], {7}),
        ([(2, 409)], {6}),
        ([(2, 500)], {6}),
        ([(2, 0)], {6, 8}),
        ([(2, 502), (-1, 503)], {5, 6, 7, 8}),
        ([(-1, 200), (2, 0)], {5, 7}),
        ([(0, 202)], {6}),
    ],
)
def test_n_after_calls(calls: list[tuple[int, int]], possible: set[int]) -> None:
    assert possible_targets(6, calls) == possible


def write(value: object, *, began: float = 0.0, ended: float = 1.0, status: int = 200, what: str = "x") -> Write:
    return Write(what, value, began, ended, status)


@pytest.mark.parametrize(
    ("writes", "possible"),
    [
        ([], ["old"]),
        ([write("new")], ["new"]),
        ([write("new", status=409)], ["old"]),
        ([write("new", status=502)], ["old", "new"]),
        ([write("new", status=0, ended=float("inf"))], ["old", "new"]),
        ([write("first"), write("last", began=2.0, ended=3.0)], ["last"]),
        ([write("one", ended=3.0), write("other", began=2.0, ended=4.0)], ["one", "other"]),
        ([write("lost", status=503), write("last", began=2.0, ended=3.0)], ["last"]),
        ([write("last"), write("lost", began=2.0, ended=float("inf"), status=0)], ["last", "lost"]),
    ],
)
def test_a_value_stands_until_a_later_call_is_carried_out(writes: list[Write], possible: list[str]) -> None:
    assert possible_values(["old"], writes) == possible


S1, S2, S3 = FleetServer("S1", 1, 1), FleetServer("S2", 2, 3), FleetServer("S3", 3, 2)
TABLE = {"strategy": "table", "key": "random"}
BEFORE = FleetState(3, TABLE, [S1, S2, S3])


def told(
    after: FleetState, writes: list[Write] | None = None, *, scaled: bool = False, lost: FleetState | None = None
) -> list[str]:
    return changed(BEFORE, after, writes or [], environments={""}, scaled=scaled, lost=lost)


def with_servers(*servers: FleetServer) -> FleetState:
    return FleetState(3, TABLE, servers)


@pytest.mark.parametrize(
    ("after", "writes", "scaled"),
    [
        (BEFORE, [], False),
        (with_servers(S1, S3, FleetServer("S9", 9, 3)), [], False),
        (with_servers(S1, S3, S2, FleetServer("S9", 9, 1)), [], True),
        (with_servers(S1, S3), [], True),
        (with_servers(S1, FleetServer("S2", 2, 5), S3), [write(5, what="S2")], False),
        (with_servers(S1, FleetServer("S2", 2, 5), S3), [write(5, what="S2", status=502)], False),
        (with_servers(S1, S3, FleetServer("S9", 9, 5)), [write(5, what="S2")], False),
        (with_servers(S1, S3, FleetServer("S9", 9, 7)), [write(7, what="S9")], False),
        (FleetState(3, TABLE | {"strategy": "ring"}, [S1, S2, S3]), [write({"strategy": "ring"}, what=PROFILE)], False),
    ],
)
def test_what_was_acknowledged_or_is_unknown_may_be_so(after: FleetState, writes: list[Write], scaled: bool) -> None:
    assert told(after, writes, scaled=scaled) == []


@pytest.mark.parametrize(
    ("after", "writes", "scaled", "said"),
    [
        (with_servers(S1, FleetServer("S2", 2, 1), S3), [], False, "S2 weighs 1; possible: [3]"),
        (with_servers(S1, S2, S3), [write(5, what="S2")], False, "S2 weighs 3; possible: [5]"),
        (with_servers(S1, FleetServer("S2", 2, 5), S3), [write(5, what="S2", status=409)], False, "S2 weighs 5"),
        (
            with_servers(S1, S3, FleetServer("S9", 9, 1)),
            [],
            False,
            "who joined weighs {'S9': 1}; who went weighed [[3]]",
        ),
        (with_servers(S1, S3), [], False, "who joined weighs {}"),
        (with_servers(S1, S2, S3, FleetServer("S9", 9, 4)), [], True, "who joined weighs {'S9': 4}"),
        (FleetState(3, {"strategy": "ring"}, [S1, S2, S3]), [], False, "the ring profile is {'strategy': 'ring'}"),
        (BEFORE, [write({"strategy": "ring"}, what=PROFILE)], False, "possible: [{'strategy': 'ring'}]"),
        (
            FleetState(3, TABLE, [S1, S2, S3], {"S1": "", "S2": "17"}),
            [],
            False,
            "environments {'S2': '17'}; possible: ['']",
        ),
    ],
)
def test_what_nobody_asked_for_is_wrong(after: FleetState, writes: list[Write], scaled: bool, said: str) -> None:
    (wrong,) = told(after, writes, scaled=scaled)
    assert said in wrong


def test_where_the_state_was_lost_weights_and_profile_are_gone_or_as_before() -> None:
    lost = FleetState(0, {"strategy": "maglev"}, ())
    all_one = FleetState(3, {"strategy": "maglev"}, [S1, FleetServer("S2", 2, 1), FleetServer("S3", 3, 1)])
    some_one = FleetState(3, {"strategy": "maglev"}, [S1, FleetServer("S2", 2, 1), S3])
    assert told(all_one, lost=lost) == []
    assert told(BEFORE, lost=lost) == []
    assert told(some_one, lost=lost) == ["S2 weighs 1; possible: [3]"]
    assert told(all_one) != []


@pytest.mark.parametrize(
    ("writes", "stage", "possible"),
    [
        ([], "done", {"old"}),
        ([write("new", what=ENVIRONMENT, status=202)], "done", {"new"}),
        ([write("new", what=ENVIRONMENT, status=202)], "rolled back", {"old"}),
        ([write("new", what=ENVIRONMENT, status=409)], "done", {"old"}),
        ([write("new", what=ENVIRONMENT, status=502)], "done", {"old", "new"}),
        (
            [write("a", what=ENVIRONMENT, status=202), write("b", what=ENVIRONMENT, status=202)],
            "done",
            {"old", "a", "b"},
        ),
    ],
)
def test_an_environment_is_that_of_the_deploy_that_ended(writes: list[Write], stage: str, possible: set[str]) -> None:
    assert possible_environments({"old"}, writes, stage=stage) == possible
