"""promtool, which comes with Prometheus, on the folder observability: configuration, rules, and a test of each rule."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.observed import FOLDER, RULE_TESTS, RULES

pytestmark = pytest.mark.promtool


def promtool(*words: str | Path, folder: Path = FOLDER) -> str:
    done = subprocess.run(["promtool", *map(str, words)], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_configuration_is_one(tmp_path: Path) -> None:
    copy = shutil.copytree(FOLDER, tmp_path / "observability")
    (copy / "token").write_text("a token")
    assert f"{len(RULES)} rule files found" in promtool("check", "config", "prometheus.yml", folder=copy)


def test_the_rules_are_some() -> None:
    assert promtool("check", "rules", *RULES).count("rules found") == len(RULES)


@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda file: file.stem)
def test_the_rules_do_what_their_tests_say(file: Path) -> None:
    assert "SUCCESS" in promtool("test", "rules", file)


def test_a_test_that_expects_something_else_fails(tmp_path: Path) -> None:
    copy = shutil.copytree(FOLDER, tmp_path / "observability")
    rules = copy / "rules" / "alerts-balancer.yml"
    rules.write_text(rules.read_text().replace('expr: up{job="ringmaster"} == 0', 'expr: up{job="ringmaster"} == 2'))
    with pytest.raises(AssertionError, match="RingmasterBalancerAway"):
        promtool("test", "rules", copy / "tests" / "alerts-balancer.yml")
