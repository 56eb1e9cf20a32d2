"""Every command and option says what it does, and docs/command.md is made of that."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from ringmaster.errors import EXIT_CODES
from ringmaster.main import cli
from ringmaster.manual import commands, examples, manual

PAGE = Path(__file__).parents[3] / "docs" / "command.md"
COMMANDS = dict(commands())


def test_the_page_is_what_the_commands_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == manual(), "print it again: python -m ringmaster.manual > docs/command.md"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_an_example(name: str) -> None:
    command = COMMANDS[name]
    first = (command.help or "").strip().splitlines()[0]
    assert 10 < len(first) < 60
    assert first.endswith(".")
    assert command.get_short_help_str(60) == first.removesuffix(".") or command.get_short_help_str(60) == first
    assert examples(command)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_help(name: str) -> None:
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.help[0].isupper() or "," in parameter.help or parameter.help.startswith("crc32")
            assert re.search(r"[.\]]$", parameter.help), parameter.help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_asks_takes_json(name: str) -> None:
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    asks = not isinstance(COMMANDS[name], click.Group) and name != "ringmaster completion"
    assert ({"--json", "--url", "--token-file", "--ca"} <= options) == (asks or name == "ringmaster")


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_takes_a_token(name: str) -> None:
    """A list of processes would show it."""
    assert not [parameter for parameter in COMMANDS[name].params if parameter.name == "token"]


@pytest.mark.parametrize("line", [line for command in COMMANDS.values() for line in examples(command)])
def test_every_example_is_a_command_line(line: str) -> None:
    words = shlex.split(re.sub(r'^eval "\$\((.*)\)"$', r"\1", line).partition(" > ")[0])
    context = cli.make_context("ringmaster", words[1:])
    command: click.Command = cli
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None, name
        context = found.make_context(name, rest, parent=context)
        command = found


def test_the_page_has_every_exit_code() -> None:
    page = manual()
    assert all(f"| {code} | {meaning} |" in page for code, meaning in EXIT_CODES.items())


def test_the_page_links_to_what_is_there() -> None:
    links = re.findall(r"\]\((?!http|#)([^)#]+)", manual())
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
