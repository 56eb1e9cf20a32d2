"""The dashboard's form, as far as Grafana needs it: it can be imported, and no panel covers another."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import jsonschema
import pytest

from tests.observed import dashboard

SOURCE = {"const": {"type": "prometheus", "uid": "${datasource}"}}
TEXT = {"type": "string", "minLength": 1}
PLACE = {
    "type": "object",
    "required": ["x", "y", "w", "h"],
    "additionalProperties": False,
    "properties": {
        "x": {"type": "integer", "minimum": 0, "maximum": 23},
        "y": {"type": "integer", "minimum": 0},
        "w": {"type": "integer", "minimum": 1, "maximum": 24},
        "h": {"type": "integer", "minimum": 1},
    },
}
TARGET = {
    "type": "object",
    "required": ["refId", "datasource", "expr", "legendFormat"],
    "properties": {"refId": {"pattern": "^[A-Z]$"}, "datasource": SOURCE, "expr": TEXT, "legendFormat": TEXT},
}
ROW = {"properties": {"type": {"const": "row"}, "panels": {"maxItems": 0}, "collapsed": {"const": False}}}
FIGURE = {
    "required": ["datasource", "fieldConfig", "options", "targets"],
    "properties": {
        "type": {"enum": ["stat", "timeseries", "bargauge", "state-timeline"]},
        "datasource": SOURCE,
        "description": TEXT,
        "targets": {"type": "array", "minItems": 1, "items": TARGET},
        "fieldConfig": {
            "required": ["defaults", "overrides"],
            "properties": {"defaults": {"required": ["unit"], "properties": {"unit": TEXT}}},
        },
    },
}
PANEL = {
    "type": "object",
    "required": ["id", "type", "title", "gridPos"],
    "properties": {"id": {"type": "integer", "minimum": 1}, "title": TEXT, "gridPos": PLACE},
    "oneOf": [ROW, FIGURE],
}
SCHEMA = {
    "type": "object",
    "required": ["uid", "title", "schemaVersion", "templating", "panels", "time", "refresh"],
    "properties": {
        "uid": {"pattern": "^[a-zA-Z0-9_-]{1,40}$"},
        "title": TEXT,
        "id": {"type": "null"},
        "schemaVersion": {"type": "integer", "minimum": 39},
        "panels": {"type": "array", "minItems": 20, "items": PANEL},
    },
}
"""A small part of what Grafana knows of a dashboard."""

DASHBOARD = dashboard()
FIGURES = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def test_it_has_grafanas_form() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(DASHBOARD, SCHEMA)


def test_ids_are_given_once() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    for panel in FIGURES:
        letters = [target["refId"] for target in panel["targets"]]
        assert len(letters) == len(set(letters)), panel["title"]


def test_no_panel_covers_another() -> None:
    for one, other in combinations(DASHBOARD["panels"], 2):
        assert not covers(one["gridPos"], other["gridPos"]), f"{one['title']} and {other['title']}"
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in DASHBOARD["panels"])


def covers(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )


def test_the_rows() -> None:
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == ["At a glance", "Ring", "Servers", "Changes", "Edge", "Health"]


def test_prometheus_and_deployment_are_chosen_at_the_top() -> None:
    chosen = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert list(chosen) == ["datasource", "deployment"]
    assert (chosen["datasource"]["type"], chosen["datasource"]["query"]) == ("datasource", "prometheus")
    assert chosen["deployment"]["query"]["query"] == "label_values(ringmaster_build_info, deployment)"


@pytest.mark.parametrize("panel", FIGURES, ids=lambda panel: f"{panel['id']} {panel['title']}")
def test_a_panel_asks_for_the_chosen_deployment_only(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        chosen = re.findall(
            r"(?:ringmaster|haproxy)_\w+\{deployment=\"\$deployment\"|ALERTS\{deployment=\"\$deployment\"",
            target["expr"],
        )
        assert len(chosen) == len(re.findall(r"(?:ringmaster|haproxy)_\w+|ALERTS", target["expr"])), target["expr"]
