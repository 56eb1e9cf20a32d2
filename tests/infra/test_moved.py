"""A deployment that was made before there was a module is taken over. Its state here is that of this version, without
the module. What else an earlier version had different is not in it, such as the keeper's security options: a plan reads
those from the engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infra.make import TERRAFORM, MadeSystem
from tests.terraform_root import Root

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]

STATE = TERRAFORM / "terraform.tfstate.d"


def test_a_state_without_the_module_is_moved_and_nothing_is_changed_or_destroyed(system: MadeSystem) -> None:
    """The check of the volumes' names, which no state of before has, is all that is made."""
    state = json.loads((STATE / system.deployment / "terraform.tfstate").read_text())
    state["resources"] = [resource for resource in state["resources"] if resource["name"] != "volumes"]
    variables = TERRAFORM / ".deployments" / system.deployment / "variables.tfvars.json"
    root = Root()
    try:
        root.state.write_text(json.dumps(without_the_module(state)))
        (root.folder / "terraform.tfvars.json").write_text(variables.read_text())
        root.init()
        plan = root.plan()
    finally:
        root.close()
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in plan
    assert plan.count(" has moved to module.ringmaster.") == instances(state)


def without_the_module(state: dict[str, Any]) -> dict[str, Any]:
    """The state as it was when the module was the root."""
    return {**state, "resources": [outside(resource) for resource in state["resources"]]}


def outside(resource: dict[str, Any]) -> dict[str, Any]:
    inner = resource["module"].removeprefix("module.ringmaster").removeprefix(".")
    bare = {key: value for key, value in resource.items() if key != "module"}
    return {"module": inner, **bare} if inner else bare


def instances(state: dict[str, Any]) -> int:
    return sum(len(resource["instances"]) for resource in state["resources"])
