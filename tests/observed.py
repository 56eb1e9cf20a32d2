"""What the folder observability has: rules, their tests, the dashboard and its queries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[1] / "observability"
RULES = sorted(FOLDER.glob("rules/*.yml"))
RULE_TESTS = sorted(FOLDER.glob("tests/*.yml"))
DASHBOARD = FOLDER / "dashboard.json"

_STRING = re.compile(r"\"[^\"]*\"|'[^']*'")
_MATCHERS = re.compile(r"\{[^}]*\}")
_DURATION = re.compile(r"\[[^\]]*\]")
_LABELS = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_NAME = re.compile(r"(?<![\w:.])[A-Za-z_:][\w:]*(?!\s*\(|[\w:])")
_WORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset"}
_OF_HISTOGRAMS = re.compile(r"_(bucket|count|sum)$")


@dataclass(frozen=True, slots=True)
class Rule:
    """A recording rule or an alert. `document`: as it stands in its file."""

    name: str
    document: dict[str, Any]

    @property
    def is_alert(self) -> bool:
        return "alert" in self.document

    @property
    def expression(self) -> str:
        return str(self.document["expr"])


@cache
def rules() -> list[Rule]:
    documents = (rule for file in RULES for group in document(file)["groups"] for rule in group["rules"])
    return [Rule(rule.get("alert") or rule["record"], rule) for rule in documents]


def alerts() -> list[Rule]:
    return [rule for rule in rules() if rule.is_alert]


def records() -> list[Rule]:
    return [rule for rule in rules() if not rule.is_alert]


@cache
def document(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return read


def rule_tests() -> Iterator[dict[str, Any]]:
    """Each test of each file that promtool runs."""
    for file in RULE_TESTS:
        yield from document(file)["tests"]


@cache
def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return read


def queries(deployment: str = "$deployment") -> list[tuple[str, str]]:
    """Title of the panel and query, with what Grafana would put in for its variables."""
    targets = ((panel, target) for panel in dashboard()["panels"] for target in panel.get("targets", ()))
    values = {"$deployment": deployment, "$__rate_interval": "1m"}
    return [(panel["title"], _filled(target["expr"], values)) for panel, target in targets]


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def names(expression: str) -> set[str]:
    """The series that a PromQL expression names, those of a histogram by the histogram's name."""
    for pattern in (_STRING, _MATCHERS, _DURATION, _LABELS):
        expression = pattern.sub(" ", expression)
    found = set(_NAME.findall(expression)) - _WORDS
    return {_OF_HISTOGRAMS.sub("", name) for name in found}


def metrics(expression: str) -> set[str]:
    """The metrics behind the expression: those of the recording rules that it names in their place."""
    recorded = {rule.name: rule.expression for rule in records()}
    named = names(expression)
    behind = [names(rule.expression) for rule in records() if rule.name in named]
    return set().union(named - recorded.keys(), *behind)
