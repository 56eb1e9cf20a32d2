"""What mends each part, and that the documentation says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from balancer.core.remedies import ON_SWARM, REMEDIES, remedies
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


def test_several_hosts_have_services_to_mend() -> None:
    told = remedies(Part, name_prefix="blue-", has_one_host=False)
    assert set(told) == set(Part)
    assert set(ON_SWARM) < set(Part)
    assert "`docker service update --force blue-ringmaster-edge`" in told["data plane"]
    assert told["edges"] == remedies(["edges"], name_prefix="blue-")["edges"]
    one_host = re.compile("docker (restart|ps|info)|df -h|`make (?!(up|logs)( ROLE=[a-z]+)? INVENTORY=)")
    assert [part for part, remedy in told.items() if one_host.search(remedy)] == []


@pytest.mark.parametrize("part", Part)
def test_the_documentation_has_every_command_of_a_remedy(part: str) -> None:
    documented = OPERATIONS.read_text(encoding="utf-8")
    missing = [
        command
        for command in re.findall(r"`([^`]+)`", REMEDIES[part] + ON_SWARM.get(part, ""))
        if command not in documented
    ]
    assert missing == []
    assert f"`{part}` among the ailments" in documented or f"`ailments.{part}`" in documented
