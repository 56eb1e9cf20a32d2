"""Rules and dashboard ask for metrics that there are. Those of HAProxy: tests/infra/test_prometheus.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.observed import metrics, names, queries, records, rules

PAGE = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")
OURS = set(re.findall(r"^\| `(ringmaster_\w+)`", PAGE, re.MULTILINE))
PROMETHEUS = {"up", "ALERTS"}
"""Those that Prometheus makes itself."""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('sum without (server) (rate(a_total{server="b"}[5m])) > 0', {"a_total"}),
        ('a / on (b) group_left (c) d{e=~"f|g"} or up == 0', {"a", "d", "up"}),
        ("histogram_quantile(0.95, rate(a_seconds_bucket[1h])) - time()", {"a_seconds"}),
        ("l:a:rate5m > 10 * 1e3 and changes(b[15m]) >= 3", {"l:a:rate5m", "b"}),
    ],
)
def test_the_names_of_an_expression(expression: str, expected: set[str]) -> None:
    assert names(expression) == expected


def test_there_are_metrics() -> None:
    assert len(OURS) > 30


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_a_rule_asks_for_nothing_else(rule) -> None:
    assert strangers(rule.expression) == set()


@pytest.mark.parametrize(("title", "query"), queries())
def test_a_panel_asks_for_nothing_else(title: str, query: str) -> None:
    assert strangers(query) == set(), title


def strangers(expression: str) -> set[str]:
    """Of the metrics behind the expression, those that nobody has."""
    known = OURS | PROMETHEUS | {rule.name for rule in records()}
    return {name for name in metrics(expression) if name not in known and not name.startswith("haproxy_")}
