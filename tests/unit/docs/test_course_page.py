"""docs/course.md: what it prints is what the tool prints, and whatever it says to type is a command that works.

All of it is one story, told to one balancer in memory from the page's first line to its last. `python -m
tests.unit.docs.test_course_page` prints the page with what is printed now.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from balancer.http.public import create_public_app
from ringmaster.main import cli
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app, gate
from tests.unit.ringmaster import documents
from tests.unit.ringmaster.control_port import ControlPort

PROJECT = Path(__file__).parents[3]
DOCS = PROJECT / "docs"
PAGE = (DOCS / "course.md").read_text(encoding="utf-8")
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(console|sh)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ELSEWHERE = ("/home", "/heartbeat")
"""Paths of servers, which no balancer in memory has. The end-to-end tests ask for them."""


@dataclass
class Story:
    """The balancer of the page. `own`: what it does not answer by itself in memory."""

    port: ControlPort
    public: FlaskClient
    own: dict[str, object] = field(default_factory=dict)

    def printed(self, line: str) -> str:
        """What the command line prints, on standard output and standard error."""
        words = shlex.split(line)
        variables = dict(word.split("=", 1) for word in words if re.match(r"[A-Z]+=", word))
        words = words[len(variables) :]
        return self._curl(words) if words[0] == "curl" else self._ringmaster(words, variables)

    def _ringmaster(self, words: list[str], variables: dict[str, str]) -> str:
        if "--what-if" in words:
            self.port.own["POST", "/ring/preview"] = 200, documents.previewed(strategy="course")
        environment = {"RINGMASTER_URL": self.port.url, "HOME": "/nonexistent", "COLUMNS": None} | variables
        result = CliRunner().invoke(cli, words[1:], prog_name="ringmaster", env=environment)
        self.port.own.pop(("POST", "/ring/preview"), None)
        assert result.exit_code in (0, 3), result.output
        return result.output

    def _curl(self, words: list[str]) -> str:
        (url,) = [word for word in words if word.startswith("http://127.0.0.1:5000/")]
        options = dict(pairwise(words))
        method = options.get("-X", "POST" if "-d" in options else "GET")
        path = url.removeprefix("http://127.0.0.1:5000")
        return self.public.open(path, method=method, data=options.get("-d")).get_data(as_text=True) + "\n"


@pytest.fixture
def story() -> Iterator[Story]:
    yield from told()


def told() -> Iterator[Story]:
    balancer = InMemoryBalancer().started()
    public = create_public_app(balancer.fleet, gate=gate(balancer), forward=None)
    with ControlPort(control_app(balancer)) as port:
        port.own["GET", "/load"] = 200, documents.load()
        yield Story(port, public.test_client())


def is_for_memory(line: str) -> bool:
    return line.startswith(("ringmaster ", "COLUMNS=")) or (line.startswith("curl ") and not line.endswith(ELSEWHERE))


def as_printed_now(story: Story) -> str:
    """The page with every command's output as it is now."""

    def block(found: re.Match[str]) -> str:
        kind, text = found.groups()
        lines = [line.removeprefix("$ ") for line in text.splitlines() if kind == "sh" or line.startswith("$ ")]
        outputs = [(line, story.printed(line)) for line in lines if is_for_memory(line)]
        if kind == "sh":
            return found[0]
        return "```console\n" + "".join(f"$ {line}\n{output}" for line, output in outputs) + "```"

    return BLOCK.sub(block, PAGE)


def test_it_prints_what_the_tool_prints(story: Story) -> None:
    assert as_printed_now(story) == PAGE, "print it again: python -m tests.unit.docs.test_course_page > docs/course.md"
    assert len(story.port.asked) > 20


def test_it_has_ten_questions_that_the_tool_answers() -> None:
    _, questions = PAGE.split("## Ten questions")
    parts = re.split(r"^\*\*(\d+)\. ", questions, flags=re.MULTILINE)
    assert parts[1::2] == [str(number) for number in range(1, 11)]
    assert [part for part in parts[2::2] if "$ ringmaster" not in part and "the answer above" not in part] == []


def test_its_figures_are_in_what_is_printed() -> None:
    printed = "".join(found[2] for found in BLOCK.finditer(PAGE))
    assert "S1           1   1    171  457  33.4%  84.4%" in printed or "457 slots  84.4%" in printed
    assert (123456**2 + 2 * 123456 + 17, 15241630865 % 512) == (15241630865, 145)
    assert "course → slot 145" in printed


def test_virtual_servers_of_the_course_ring_are_where_it_says() -> None:
    slots = {(i**2 + j**2 + 2 * j + 25) % 512 for i in (1, 2, 3) for j in range(9)}
    assert (min(slots), max(slots)) == (26, 114)
    assert f"between slots {min(slots)} and {max(slots)}" in PAGE


def test_every_make_line_is_a_target() -> None:
    said = set(re.findall(r"(?:^|`)make ([a-z0-9-]+)", PAGE, re.MULTILINE))
    assert {"up", "status", "experiment-1", "experiment-4"} <= said
    assert said <= set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.MULTILINE))


def test_every_command_in_its_text_is_one(story: Story) -> None:
    for line in re.findall(r"`(ringmaster [a-z][^`]*)`", PAGE):
        words = shlex.split(line)[1:]
        result = CliRunner().invoke(cli, [*[word for word in words if word.islower() and word[0] != "-"], "--help"])
        assert result.exit_code == 0, line
        assert all(word in result.output for word in words if word.startswith("-")), line


def test_whatever_it_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", PAGE)
    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []


if __name__ == "__main__":
    for present in told():
        sys.stdout.write(as_printed_now(present))
