"""What each event adds to the metrics."""

from __future__ import annotations

from typing import Any

import pytest

from balancer.adapters.prometheus import families
from balancer.adapters.prometheus.event_counts import Addition, additions
from balancer.core.event import Event, EventKind
from balancer.core.plan import HUNG

GONE = "its container is gone"


def event(kind: EventKind, reason: str = "", seconds: float | None = None, **facts: Any) -> Event:
    return Event(1, 0.0, kind, "S1", reason, seconds, facts)


def change(method: str, path: str, status: int = 200) -> Event:
    return event(EventKind.CHANGE, "", 1.5, method=method, path=path, status=status, who="", client="10.0.0.1")


def changed(kind: str, result: str = "done") -> tuple[Addition, ...]:
    counted = Addition(families.CHANGES, (kind, result))
    took = Addition(families.CHANGE_DURATION, (kind,), 1.5)
    return (counted,) if result == "refused" else (counted, took)


ADDED: list[tuple[Event, tuple[Addition, ...]]] = [
    (change("POST", "/add"), changed("add")),
    (change("POST", "/ringmaster/add"), changed("add")),
    (change("DELETE", "/rm"), changed("rm")),
    (change("PUT", "/ring"), changed("ring")),
    (change("PATCH", "/servers/S1"), changed("weight")),
    (change("PATCH", "/servers/add"), changed("weight")),
    (change("POST", "/deploy", 202), changed("deploy")),
    (change("DELETE", "/deploy", 202), changed("rollback")),
    (change("POST", "/add", 400), changed("add", "refused")),
    (change("POST", "/add", 429), changed("add", "refused")),
    (change("POST", "/add", 500), changed("add", "failed")),
    (change("POST", "/deploy", 503), changed("deploy", "failed")),
    (change("POST", "/sessions"), ()),
    (change("POST", "/ring"), ()),
    (
        event(EventKind.FAILED, "its container is not running: Exited (1)", state="serving"),
        (Addition(families.FAILURES, ("exited",)),),
    ),
    (event(EventKind.FAILED, HUNG, state="silent"), (Addition(families.FAILURES, ("silent",)),)),
    (event(EventKind.FAILED, "whatever"), (Addition(families.FAILURES, ("other",)),)),
    (
        event(EventKind.REPLACED, f"S1 failed: {GONE}", 2.0),
        (Addition(families.REPLACEMENTS, ("exited",)), Addition(families.REPLACEMENT_DURATION, seconds=2.0)),
    ),
    (event(EventKind.PROMOTED), (Addition(families.PROMOTIONS),)),
    (event(EventKind.SILENT, requests=2), (Addition(families.SILENCES),)),
    (event(EventKind.FENCED, container="S1"), (Addition(families.FENCED),)),
    (event(EventKind.SCALE, before=3, after=5), (Addition(families.DECISIONS, ("up", "done")),)),
    (event(EventKind.SCALE, before=5, after=3), (Addition(families.DECISIONS, ("down", "done")),)),
    (
        event(EventKind.SCALE, before=3, after=3, wanted=5, refused="busy"),
        (Addition(families.DECISIONS, ("up", "refused")),),
    ),
    (
        event(EventKind.SCALE, before=3, after=3, wanted=2, refused="busy"),
        (Addition(families.DECISIONS, ("down", "refused")),),
    ),
    *[
        (event(kind, "why", 1.0), ())
        for kind in (
            EventKind.RESTORED,
            EventKind.JOINED,
            EventKind.LEFT,
            EventKind.BACK,
            EventKind.STARVED,
            EventKind.SPARE,
            EventKind.CUT,
            EventKind.DEPLOY,
            EventKind.RING,
            EventKind.WEIGHT,
            EventKind.CERTIFICATE,
            EventKind.EDGE_LOST,
            EventKind.EDGE_BACK,
            EventKind.AILING,
            EventKind.WELL,
        )
    ],
]


@pytest.mark.parametrize(("told", "added"), ADDED)
def test_an_event_adds_what_it_is_about(told: Event, added: tuple[Addition, ...]) -> None:
    assert additions(told) == added


def test_every_kind_of_event_is_in_the_table() -> None:
    assert {told.kind for told, _ in ADDED} == {*EventKind}


def test_every_addition_is_of_a_series_that_is_shown_from_the_start() -> None:
    for _, added in ADDED:
        for addition in added:
            assert addition.family in families.KEPT
            assert addition.labels in addition.family.series


def test_every_kind_of_change_and_every_result_happens() -> None:
    labels = [addition.labels for _, added in ADDED for addition in added if addition.family is families.CHANGES]
    assert {kind for kind, _ in labels} == {*families.KINDS}
    assert {result for _, result in labels} == {families.DONE, families.REFUSED, families.FAILED}
