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
    named = {"runtime", "node_constraints", "server_volumes", "edge_lease", "stop_timeout", "tls"}
    assert named <= {field.name for field in fields(Settings)}
    assert all(re.search(rf"[`\"]{name}[`\" ]", PAGE) for name in named - {"tls"})


def test_every_make_line_is_a_target() -> None:
    said = set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", PAGE, re.MULTILINE))
    targets = set(re.findall(r"^([a-z0-9-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"up", "swarm-up", "swarm-down", "test-swarm"} <= {name for pair in said for name in pair if name} <= targets


def test_the_playground_knows_what_it_shows() -> None:
    shown = re.findall(r"infra/playground/engines (\w+)|; (\w+) node\d", PAGE)
    verbs = {verb for found in shown for verb in found if verb}
    assert verbs == {"cut", "heal", "kill", "start"}
    known = {verb for line in re.findall(r"^([a-z |]+)\)$", PLAYGROUND, re.MULTILINE) for verb in line.split(" | ")}
    assert verbs < known
