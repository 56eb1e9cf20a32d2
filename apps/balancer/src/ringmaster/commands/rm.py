"""`ringmaster rm`: fewer servers."""

from __future__ import annotations

import click

from ringmaster.hostnames import complete
from ringmaster.invocation import Invocation, asks
from ringmaster.render import words
from ringmaster.render.fleet import replicas


@click.command()
@click.argument("n", type=click.IntRange(min=1), required=False)
@click.option(
    "--hostname",
    "hostnames",
    multiple=True,
    metavar="NAME",
    shell_complete=complete,
    help="One of them; may be repeated. The others are chosen at random.",
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@asks
def rm(invocation: Invocation, n: int | None, hostnames: tuple[str, ...], yes: bool) -> None:
    """Take servers away.

    N of them: as many as there are names where N is left out. The command ends when they are drained and
    gone. It asks first; without a terminal to ask in, it wants --yes.

    \b
    ringmaster rm --hostname S4
    ringmaster rm 2 --yes
    """
    count = n or len(hostnames)
    if not count:
        raise click.UsageError("say how many or which: ringmaster rm 1, or ringmaster rm --hostname S4")
    chance = count - len(hostnames)
    named = [*hostnames, *([f"{words.number(chance, 'server')} chosen at random"] if chance > 0 else [])]
    invocation.confirm(f"Take away {', '.join(named)}?", is_sure=yes)
    with invocation.out.waiting(f"draining {words.number(count, 'server')}"):
        answer = invocation.client.change("DELETE", "/rm", {"n": count, "hostnames": list(hostnames)})
    invocation.show(answer, lambda: replicas(answer.document))
