"""Every role four times: check mode tells what it would change, a run changes it, then neither has anything left to do.

One playbook has all the roles, so that the proof of each costs four runs of Ansible in all. They share a host that
takes no minutes to make: the engine and the base image are there, and the provider is in the cache. Their other ways
have tests of their own; those of deployment and Prometheus are tests of the deployed system.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deployment import PROJECT
from tests.infra.filters import COLLECTION
from tests.infra.inventory import Inventory, Played

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]

CHANGES = {
    "ringmaster": False,
    "ringmaster_preflight": False,
    "ringmaster_engine": False,
    "ringmaster_base_image": False,
    "ringmaster_wheels": True,
    "ringmaster_project": True,
    "ringmaster_terraform": True,
    "ringmaster_edge_certificates": True,
}
"""Role → whether it has something to do on this host. They are played in this order."""
ELSEWHERE = {
    "ringmaster_deployment": "test_check_mode.py, test_make_up.py",
    "ringmaster_node_images": "tests/swarm",
    "ringmaster_prometheus": "test_check_mode.py, test_observe.py",
    "ringmaster_swarm": "tests/swarm",
}
"""Role → where it is run more than once."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Of each of the four runs, role → number of tasks that changed something, or would."""

    preview: Counter[str]
    first: Counter[str]
    preview_again: Counter[str]
    second: Counter[str]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("host")
    checkout = folder / "checkout"
    for part in ("apps", "infra/provider", "infra/terraform"):
        made = shutil.ignore_patterns("wheels", ".terraform*", ".deployments", "terraform.tfstate*", "__pycache__")
        shutil.copytree(PROJECT / part, checkout / part, ignore=made)
    for provider in (Path.home() / ".cache" / "ringmaster").glob("provider-*"):
        mirror = shutil.ignore_patterns("mirror")
        shutil.copytree(provider, folder / "cache" / provider.name, ignore=mirror)
    variables = {
        "ringmaster_checkout": str(checkout),
        "ringmaster_local": False,
        "ringmaster_project_dir": str(folder / "project"),
        "ringmaster_terraform_root": str(checkout / "infra" / "terraform"),
        "ringmaster_terraform_provider_source": str(checkout / "infra" / "provider"),
        "ringmaster_terraform_cache": str(folder / "cache"),
        "ringmaster_wheels_apps": ["server"],
        "ringmaster_preflight_free_megabytes": 1,
    }
    roles = [f"ringmaster.infra.{role}" for role in CHANGES]
    play = {"hosts": "all", "gather_facts": True, "gather_subset": ["!all"], "vars": variables, "roles": roles}
    playbook = folder / "roles.yml"
    playbook.write_text(json.dumps([play]))
    inventory = Inventory(folder / "hosts.json", folder)
    inventory.write(others=["localhost"])
    return Runs(*(changes(inventory.play(playbook, *words)) for words in (("--check", "--diff"), (), ("--check",), ())))


def changes(run: Played) -> Counter[str]:
    assert run.code == 0, run.output
    found: Counter[str] = Counter()
    for task in re.split(r"(?m)^TASK \[", run.output)[1:]:
        role = re.match(r"ringmaster\.infra\.(\w+) : ", task)
        if role and re.search(r"(?m)^changed: ", task):
            found[role[1]] += 1
    return found


@pytest.mark.parametrize("role", CHANGES)
def test_a_role_tells_what_it_changes_then_changes_it_and_then_has_nothing_to_do(runs: Runs, role: str) -> None:
    told, done = runs.preview[role] > 0, runs.first[role] > 0
    assert (told, done) == (CHANGES[role], CHANGES[role]), runs
    assert (runs.preview_again[role], runs.second[role]) == (0, 0), runs


def test_no_role_is_forgotten() -> None:
    assert {folder.name for folder in (COLLECTION / "roles").iterdir()} == CHANGES.keys() | ELSEWHERE.keys()
