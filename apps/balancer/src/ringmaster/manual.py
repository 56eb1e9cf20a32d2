"""The manual: docs/command.md, made of what the commands say of themselves. `python -m ringmaster.manual` prints it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from ringmaster.errors import EXIT_CODES
from ringmaster.main import cli

_HEAD = """# The command `ringmaster`

Made of its help by `python -m ringmaster.manual > docs/command.md`.

`make up` installs it into `.venv/bin`. It is in the balancer's container, too, and finds the balancer there by itself:
`docker exec ringmaster-balancer ringmaster status`. It asks the [control port](operations.md#the-api) and knows
nothing else.

In a pipe, and where `NO_COLOR` is set, there are no colours, and progress is told line by line on standard error.
`--json` prints the API's document as it is. A terminal without room for a whole table gets fewer columns, a pipe gets
all.
"""
_FILE = """## Where it asks

| | option | environment | `~/.config/ringmaster/config.toml` |
|---|---|---|---|
| the control port | `--url` | `RINGMASTER_URL` | `url = "https://ring.example:5001"` |
| the token | `--token-file` | `RINGMASTER_TOKEN` | `token_file = "~/.ringmaster-token"` |
| who signed its certificate | `--ca` | | `ca = "~/ca.pem"` |

What stands further left counts. No option takes the token itself: a list of processes shows what a command line says.
"""
_EXAMPLE = re.compile(r"^\s*ringmaster |^\s*eval ")


def manual() -> str:
    parts = [_HEAD, _FILE, _exit_codes(), _overview(), *_pages()]
    return "\n".join(parts)


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its name as it is typed; groups before their commands."""
    yield "ringmaster", cli
    yield from _below("ringmaster", cli)


def examples(command: click.Command) -> list[str]:
    """The lines of its help that are to be typed."""
    return [line.strip() for line in _text(command).splitlines() if _EXAMPLE.match(line)]


def _below(name: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    for command in group.commands.values():
        yield f"{name} {command.name}", command
        if isinstance(command, click.Group):
            yield from _below(f"{name} {command.name}", command)


def _exit_codes() -> str:
    rows = "\n".join(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())
    return f"## Exit codes\n\n| code | meaning |\n|---|---|\n{rows}\n"


def _overview() -> str:
    rows = [
        f"| [`{name}`](#{name.replace(' ', '-')}) | {command.get_short_help_str(limit=160)} |"
        for name, command in commands()
        if not isinstance(command, click.Group)
    ]
    return "## Commands\n\n| command | |\n|---|---|\n" + "\n".join(rows) + "\n"


def _pages() -> Iterator[str]:
    for name, command in commands():
        if not isinstance(command, click.Group):
            yield _page(name, command)


def _page(name: str, command: click.Command) -> str:
    prose = "\n".join(line for line in _text(command).splitlines() if not _EXAMPLE.match(line) and line != "\b")
    typed = "\n".join(examples(command))
    context = click.Context(command, info_name=name)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    return f"### `{name}`\n\n`{usage}`\n\n{prose.strip()}\n\n```sh\n{typed}\n```\n\n{_options(command, context)}"


def _options(command: click.Command, context: click.Context) -> str:
    records = [record for option in command.get_params(context) if (record := option.get_help_record(context))]
    own = [(option, text) for option, text in records if option.split(" ")[0] not in _COMMON]
    rows = "\n".join(f"| `{option}` | {text} |" for option, text in own)
    return f"| option | |\n|---|---|\n{rows}\n" if own else ""


_COMMON = ("--url", "--token-file", "--ca", "--json", "-h,", "--help")


def _text(command: click.Command) -> str:
    return inspect.cleandoc(command.help or "")


if __name__ == "__main__":
    print(manual(), end="")
