"""docs/ring.md against the code: its tables, examples, commands and pictures."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import fields
from itertools import pairwise
from statistics import median

import pytest
from flask.testing import FlaskClient

from balancer.core.catalogue import Catalogue
from balancer.core.key_source import SOURCE_TYPES
from balancer.core.request_hash import REQUEST_HASHES, REQUEST_IDS
from balancer.core.strategies import STRATEGIES, Course, Ring, Table
from balancer.core.strategies.course import PROBES
from balancer.core.strategies.ring import USUAL_VIRTUAL_SERVERS
from balancer.settings import Settings
from loadtests.ring.bench import Plan
from loadtests.ring.contest import UHASHRING, Contestant, ours
from loadtests.ring.figures import FIGURES, PROJECT
from loadtests.ring.quality import of_sets
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app

DOCS = PROJECT / "docs"
PAGE = (DOCS / "ring.md").read_text(encoding="utf-8")


def rows(first: str) -> dict[str, list[str]]:
    """The table whose first column has this heading: name → the other cells, as they stand there."""
    (table,) = re.findall(rf"^\| {re.escape(first)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    cells = [line.strip("|").split("|") for line in table.splitlines()]
    return {name.strip(): [cell.strip() for cell in others] for name, *others in cells}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_table_of_fields_names_all_of_them() -> None:
    parameters = {field.name for kind in STRATEGIES.values() for field in fields(kind)}  # type: ignore[arg-type]
    assert {name.strip("`") for name in rows("field")} == parameters | {"strategy", "request_hash", "key", "bound"}


@pytest.mark.parametrize(
    ("field", "choices"),
    [
        ("strategy", STRATEGIES),
        ("request_hash", REQUEST_HASHES),
        ("probing", PROBES),
        ("points", USUAL_VIRTUAL_SERVERS),
        ("point_hash", ("xxh64", "md5", "sha1", "sha256")),
        ("key", [f"{name}:NAME" if source.name_pattern else name for name, source in SOURCE_TYPES.items()]),
    ],
)
def test_the_table_of_fields_names_every_choice(field: str, choices: list[str]) -> None:
    _, may_be = rows("field")[f"`{field}`"]
    assert re.findall('`"([^"]+)"`', may_be) == list(choices)


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_table_of_fields_has_the_usual_values(name: str) -> None:
    profile = Catalogue().profile({"strategy": name}).document()
    for field, value in profile.items():
        usual = rows("field")[f"`{field}`"][0]
        assert field == "strategy" or f"`{json.dumps(value)}`" in usual, (field, usual)


def test_the_key_sources_are_the_codes() -> None:
    sources = {name.strip("`"): sample.strip("`") for name, (_, sample) in rows("`key`").items()}
    assert sources.pop("random") == f"rand({len(REQUEST_IDS)}),add({REQUEST_IDS.start})"
    assert sources == {
        f"{name}:NAME" if source.name_pattern else name: source.sample.format(name="NAME")
        for name, source in SOURCE_TYPES.items()
        if name != "random"
    }


def test_the_request_hashes_are_the_codes() -> None:
    samples = {name.strip("`"): cells[0].strip("`") for name, cells in rows("`request_hash`").items()}
    assert samples == {name: request_hash.sample for name, request_hash in REQUEST_HASHES.items()}


@pytest.fixture
def control() -> FlaskClient:
    """A new deployment of three servers."""
    balancer = InMemoryBalancer().started()
    return control_app(balancer).test_client()


def answer(control: FlaskClient, command: str) -> tuple[int, str]:
    """What a curl line of the page would get."""
    words = shlex.split(command, comments=True)
    options = dict(pairwise(words))
    (url,) = [word for word in words if word.startswith("http://")]
    method = options.get("-X", "POST" if "-d" in options else "GET")
    response = control.open(url.removeprefix("http://127.0.0.1:5001"), method=method, data=options.get("-d"))
    return response.status_code, response.get_data(as_text=True)


def test_the_examples_print_what_the_page_says(control: FlaskClient) -> None:
    examples = [part.splitlines() for block in blocks("console") for part in block.split("$ ")[1:]]
    assert len(examples) >= 2
    for command, *printed in examples:
        assert answer(control, command)[1].splitlines() == printed, command


def test_every_other_command_works_as_it_stands_there(control: FlaskClient) -> None:
    commands = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("curl ")]
    assert len(commands) >= 5
    for command in commands:
        assert answer(control, command)[0] == 200, command


def test_the_python_on_the_page_is_that_of_the_example_files() -> None:
    files = [path.read_text(encoding="utf-8") for path in (DOCS / "examples").glob("*.py")]
    assert len(blocks("python")) == 2
    for block in blocks("python"):
        assert any(block in text for text in files), block


@pytest.mark.parametrize(
    ("name", "contestant"),
    [
        ("`table`", ours(Table())),
        ("`ring`, M = 512", ours(Ring())),
        ("`ring`, 9 on slots", ours(Ring(points="slots"))),
        ("`course`", ours(Course())),
        ("uhashring", UHASHRING),
    ],
)
def test_the_strategies_are_as_even_as_the_page_says(name: str, contestant: Contestant) -> None:
    """The part of what `make bench-ring` measures that takes no time."""
    figures = rows("strategy")[name]
    for servers, told in zip((3, 6), figures, strict=False):
        peaks = [quality.p2m for quality in of_sets(contestant, servers, Plan().sets)]
        assert told == f"{median(peaks):.3f}, {max(peaks):.3f}"


def test_every_figure_is_shown_and_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    figures = {f"figures/{name}.svg" for name in FIGURES.keys() - {"scale"}}  # that one is in fleet.md
    assert {link for link in links if link.startswith("figures/")} == figures
    assert [link for link in links if not (DOCS / link).exists()] == []


def test_settings_that_the_page_names_exist() -> None:
    known = {field.name.upper() for field in fields(Settings)}
    named = set(re.findall(r"RINGMASTER_([A-Z_]+)", PAGE))
    assert {"RING", "PLUGINS"} <= named <= known
    assert "SLOW_START" in known
