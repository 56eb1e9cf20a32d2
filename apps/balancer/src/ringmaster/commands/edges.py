"""`ringmaster edges`: the edges of several hosts."""

from __future__ import annotations

import click

from ringmaster import watching
from ringmaster.invocation import Invocation, asks
from ringmaster.render import edges as picture


@click.command()
@watching.watch
@watching.interval
@asks
def edges(invocation: Invocation, watch: bool, interval: float) -> None:
    """Show the edges of several hosts.

    Each with its node: whether it is heard of, serves and obeys the present ring, and what it says is wrong. On one
    host there are none to tell of.

    \b
    ringmaster edges
    ringmaster edges --watch
    """
    client, out = invocation.client, invocation.out
    if watch and invocation.as_json:
        watching.keep_printing(out, lambda: client.get("/edges").text, interval)
    elif watch:
        watching.keep_showing(out, lambda: client.get("/edges"), lambda seen: picture.edges(seen.document), interval)
    else:
        answer = client.get("/edges")
        invocation.show(answer, lambda: picture.edges(answer.document))
