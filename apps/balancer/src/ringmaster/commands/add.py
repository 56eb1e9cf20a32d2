"""`ringmaster add`: more servers."""

from __future__ import annotations

from typing import Any

import click

from ringmaster.invocation import Invocation, asks
from ringmaster.render import words
from ringmaster.render.fleet import replicas


@click.command()
@click.argument("n", type=click.IntRange(min=1), required=False)
@click.option("--hostname", "hostnames", multiple=True, metavar="NAME", help="A name for one of them; may be repeated.")
@click.option("--weight", type=int, metavar="W", help="The weight of each of them. [default: 1]")
@asks
def add(invocation: Invocation, n: int | None, hostnames: tuple[str, ...], weight: int | None) -> None:
    """Start servers.

    N of them: as many as there are names where N is left out, and 1 without either. The command ends when all
    of them serve; otherwise none of them is left.

    \b
    ringmaster add
    ringmaster add 3 --hostname S4 --weight 2
    """
    wish: dict[str, Any] = {"n": n or len(hostnames) or 1, "hostnames": list(hostnames)}
    if weight is not None:
        wish["weight"] = weight
    with invocation.out.waiting(f"starting {words.number(wish['n'], 'server')}"):
        answer = invocation.client.change("POST", "/add", wish)
    invocation.show(answer, lambda: replicas(answer.document))
