"""`ringmaster completion`: the shell's own completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_VARIABLE = "_RINGMASTER_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion of a shell.

    It completes commands, options and the hostnames of servers.

    \b
    eval "$(ringmaster completion bash)"
    ringmaster completion fish > ~/.config/fish/completions/ringmaster.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 (click has one for each of the choices)
    click.echo(kind(context.find_root().command, {}, "ringmaster", _VARIABLE).source())
