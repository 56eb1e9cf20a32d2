"""docs/several-hosts.md against the code and the other pages."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import yaml

from balancer.settings import Settings, read

PROJECT = Path(__file__).parents[3]
DOCS = PROJECT / "docs"
PAGES = {name: (DOCS / name).read_text(encoding="utf-8") for name in ("several-hosts.md", "architecture.md")}
PAGE = PAGES["several-hosts.md"]
PLAYGROUND = (PROJECT / "infra" / "playground" / "engines").read_text(encoding="utf-8")


def test_whatever_it_links_to_is_there() -> None:
    for page in PAGES.values():
        links = re.findall(r"\]\((?!http)([^)#]+)", page)
        assert links
        assert [link for link in links if not (DOCS / link).exists()] == []


def test_every_section_that_it_links_to_is_there() -> None:
    for page, section in re.findall(r"\]\(([a-z-]*[.]?[a-z]*)#([a-z-]+)\)", PAGE):
        text = (DOCS / page).read_text(encoding="utf-8") if page else PAGE
        titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        assert section in {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_inventory_has_the_groups_and_three_managers() -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    inventory = yaml.safe_load(block)
    assert set(inventory) == {"all", "swarm_managers", "swarm_workers"}
    assert len(inventory["swarm_managers"]["hosts"]) == 3


def test_the_times_that_it_names_are_the_settings() -> None:
    settings = read({"RINGMASTER_RUNTIME": "swarm"})
    assert f"`edge_lease`, {settings.edge_lease:g} s" in PAGE
    assert f"two leases ({2 * settings.edge_lease:g} s)" in PAGE
    assert f"The hub's port ({settings.edge_port})" in PAGE


def test_settings_that_it_names_exist() -> None:
    known = {field.name for field in fields(Settings)}
    assert {"runtime", "node_constraints", "server_volumes", "edge_lease", "tls"} <= known
    assert all(f"`{name}" in PAGE for name in ("runtime", "node_constraints", "server_volumes", "edge_lease", "tls"))


def test_the_playground_knows_what_it_shows() -> None:
    shown = re.findall(r"infra/playground/engines (\w+)|; (\w+) node\d", PAGE)
    verbs = {verb for found in shown for verb in found if verb}
    assert verbs == {"cut", "heal", "kill", "start"}
    known = {verb for line in re.findall(r"^([a-z |]+)\)$", PLAYGROUND, re.MULTILINE) for verb in line.split(" | ")}
    assert verbs < known
