"""The READMEs of the Ansible collection are those that its argument_specs make, and these leave nothing out."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deployment import PROJECT

_SPEC = importlib.util.spec_from_file_location("readme", PROJECT / "infra" / "ansible" / "readme.py")
assert _SPEC is not None
assert _SPEC.loader is not None
readme = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(readme)

ROLES = sorted(readme.COLLECTION.glob("roles/*"))


def test_they_are_not_stale() -> None:
    stale = [str(path) for path, text in readme.pages().items() if not path.exists() or path.read_text() != text]
    assert not stale, "run: python infra/ansible/readme.py"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_default_of_a_role_is_an_option_with_type_and_description(role: Path) -> None:
    options: dict[str, Any] = _read(role / "meta" / "argument_specs.yml")["argument_specs"]["main"].get("options", {})
    assert _read(role / "defaults" / "main.yml").keys() <= options.keys()
    assert all({"type", "description"} <= told.keys() for told in options.values())


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_default_is_the_same_in_both_places(role: Path) -> None:
    options: dict[str, Any] = _read(role / "meta" / "argument_specs.yml")["argument_specs"]["main"].get("options", {})
    defaults = _read(role / "defaults" / "main.yml")
    told = {name: option["default"] for name, option in options.items() if "default" in option}
    assert {name: value for name, value in defaults.items() if name in told} == told


def _read(path: Path) -> dict[str, Any]:
    return (yaml.safe_load(path.read_text()) or {}) if path.exists() else {}
