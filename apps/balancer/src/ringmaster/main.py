"""The command line: the group of all commands, and the way from an error to an exit code."""

from __future__ import annotations

import click

from ringmaster.commands import COMMANDS
from ringmaster.errors import INTERRUPTED
from ringmaster.invocation import common
from ringmaster.place import Given


class _InOrder(click.Group):
    """A group that lists its commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@common
@click.pass_context
def cli(context: click.Context, url: str | None, token_file: str | None, ca: str | None, as_json: bool) -> None:
    """Watch and change a running Ringmaster.

    The URL comes from --url, RINGMASTER_URL or the file ~/.config/ringmaster/config.toml (url, token_file, ca), and is
    http://127.0.0.1:5001 otherwise. The token comes from --token-file, RINGMASTER_TOKEN or the file, and never from
    the command line, which everybody on the host can read.

    \b
    ringmaster status --watch
    ringmaster --url https://ring.example:5001 --ca ca.pem doctor
    """
    context.obj = Given(url=url, token_file=token_file, ca=ca, as_json=as_json)


for _command in COMMANDS:
    cli.add_command(_command)


def run() -> int:
    """Runs the command line, and returns the exit code."""
    try:
        code = cli.main(prog_name="ringmaster", standalone_mode=False)
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return code if isinstance(code, int) else 0
