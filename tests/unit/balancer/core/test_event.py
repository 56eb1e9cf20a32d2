"""Events as documents."""

from __future__ import annotations

import json

from balancer.core.event import WARNINGS, Event, EventKind


def test_a_document_has_every_field_always() -> None:
    event = Event(7, 1.5, EventKind.FAILED, "S1", "it died", 0.2, {"state": "serving"}, "w2")
    assert json.loads(json.dumps(event.document())) == {
        "number": 7,
        "time": 1.5,
        "kind": "failed",
        "server": "S1",
        "node": "w2",
        "reason": "it died",
        "seconds": 0.2,
        "facts": {"state": "serving"},
    }
    nothing_more = {"server": "", "node": "", "reason": "", "seconds": None, "facts": {}}
    assert Event(1, 0.0, EventKind.WELL).document() == {"number": 1, "time": 0.0, "kind": "well", **nothing_more}


def test_what_worked_is_not_grave() -> None:
    assert not WARNINGS & {
        EventKind.JOINED,
        EventKind.LEFT,
        EventKind.REPLACED,
        EventKind.PROMOTED,
        EventKind.WELL,
        EventKind.DEPLOY,
    }
    assert {EventKind.FAILED, EventKind.SILENT, EventKind.CUT, EventKind.AILING} < WARNINGS
