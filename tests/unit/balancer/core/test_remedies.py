"""What mends each part, and that the documentation says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from balancer.core.remedies import REMEDIES, remedies
from balancer.service.problems import Part

OPERATIONS = Path(__file__).parents[4] / "docs" / "operations.md"


def test_every_part_has_a_remedy() -> None:
    assert set(REMEDIES) == set(Part)


def test_only_those_of_the_parts_are_told() -> None:
    assert remedies(["data plane"], name_prefix="") == {"data plane": REMEDIES["data plane"]}
    assert remedies([], name_prefix="") == {}


def test_containers_have_the_names_of_their_deployment() -> None:
    told = remedies(["data plane"], name_prefix="blue-")["data plane"]
    assert "`docker restart blue-ringmaster-edge`" in told


@pytest.mark.parametrize("part", Part)
def test_the_documentation_has_every_command_of_a_remedy(part: str) -> None:
    documented = OPERATIONS.read_text(encoding="utf-8")
    missing = [command for command in re.findall(r"`([^`]+)`", REMEDIES[part]) if command not in documented]
    assert missing == []
    assert f"`{part}` among the ailments" in documented or f"`ailments.{part}`" in documented
