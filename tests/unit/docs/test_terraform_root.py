"""infra/terraform, which passes its variables into the module ringmaster and the module's outputs on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loadtests.ring.figures import PROJECT

ROOT = PROJECT / "infra" / "terraform"
MODULE = ROOT / "modules" / "ringmaster"
OUTPUT = r'(?m)^output "(\w+)" \{\n  description = (".*")$'


def test_every_variable_is_passed_by_its_name() -> None:
    variables = re.findall(r'(?m)^variable "(\w+)"', (ROOT / "variables.tf").read_text())
    passed = dict(re.findall(r"(?m)^  (\w+) += var\.(\w+)$", (ROOT / "main.tf").read_text()))
    assert passed == {name: name for name in variables}


def test_every_output_is_passed_on_with_its_description() -> None:
    assert outputs(ROOT) == outputs(MODULE)
    values = re.findall(r"(?m)^  value +=.*$", (ROOT / "outputs.tf").read_text())
    assert [value.split()[-1] for value in values] == [f"module.ringmaster.{name}" for name in outputs(ROOT)]


@pytest.mark.parametrize("what", ['provider "', "path.root", 'backend "'])
def test_the_module_leaves_to_its_caller_what_is_the_callers(what: str) -> None:
    files = [*MODULE.glob("*.tf"), *MODULE.glob("modules/*/*.tf")]
    assert files
    assert [str(path) for path in files if re.search(rf"(?m)^[^#\n]*{re.escape(what)}", path.read_text())] == []


def outputs(folder: Path) -> dict[str, str]:
    return dict(re.findall(OUTPUT, (folder / "outputs.tf").read_text()))
