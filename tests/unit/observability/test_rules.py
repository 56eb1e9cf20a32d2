"""The rules for Prometheus: each says what it has to, and has a test, which tests/contract/test_promtool.py runs."""

from __future__ import annotations

import re

import pytest

from tests.observed import FOLDER, Rule, alerts, document, metrics, names, records, rule_tests, rules

ALERTS = {alert.name: alert for alert in alerts()}
WELL = document(FOLDER / "tests" / "well.yml")
COMMANDS = ("curl ", "make ", "docker ", "POST /", "renewed one")
LABEL = re.compile(r"(\w+)=\"([^\"]*)\"")


def firing() -> dict[str, list[dict[str, str]]]:
    """alert → the labels of each sample that a test expects of it; none where it expects that it does not fire."""
    found: dict[str, list[dict[str, str]]] = {}
    for test in rule_tests():
        for check in test["promql_expr_test"]:
            if alert := re.match(r"ALERTS\{alertname=\"(\w+)\", alertstate=\"firing\"\}$", check["expr"]):
                samples = check["exp_samples"] or [{"labels": ""}]
                found.setdefault(alert[1], []).extend(dict(LABEL.findall(sample["labels"])) for sample in samples)
    return found


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_an_alert_has_what_a_person_needs(alert: Rule) -> None:
    assert re.fullmatch(r"\d+[smh]", alert.document["for"])
    assert alert.document["labels"]["severity"] in ("warning", "critical")
    assert "{{ $labels.deployment }}" in alert.document["annotations"]["summary"]
    description = alert.document["annotations"]["description"]
    assert any(command in description for command in COMMANDS), f"no command: {description}"


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_a_test_sees_it_fire_and_another_sees_it_wait(alert: Rule) -> None:
    seen = firing()[alert.name]
    fired = [labels for labels in seen if labels]
    assert fired, "no test sees it fire"
    assert {} in seen, "no test sees it wait"
    assert {labels["severity"] for labels in fired} == {alert.document["labels"]["severity"]}


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_its_text_names_no_label_that_it_does_not_have(alert: Rule) -> None:
    named = set(re.findall(r"\$labels\.(\w+)", " ".join(alert.document["annotations"].values())))
    for labels in filter(None, firing()[alert.name]):
        assert named <= labels.keys()


def test_every_recorded_figure_is_tested() -> None:
    tested = {name for test in rule_tests() for check in test["promql_expr_test"] for name in names(check["expr"])}
    assert {rule.name for rule in records()} <= tested


def test_a_good_day_has_all_that_alerts_look_at() -> None:
    (day,) = WELL["tests"]
    there = set().union(*(names(series["series"]) for series in day["input_series"]))
    wanted = set().union(*(metrics(alert.expression) for alert in alerts()))
    assert wanted == there & wanted


def test_names_are_given_once() -> None:
    known = [(rule.name, str(rule.document.get("labels"))) for rule in rules()]
    assert len(known) == len(set(known))
