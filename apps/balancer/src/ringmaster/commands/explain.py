"""`ringmaster explain`: the way of a key to its server."""

from __future__ import annotations

import os
from urllib.parse import quote

import click

from ringmaster.invocation import Invocation, asks
from ringmaster.render.explanation import explanation


@click.command()
@click.argument("key")
@asks
def explain(invocation: Invocation, key: str) -> None:
    """Show where a key goes, and why.

    Which server answers requests with KEY: its hash, its slot, the slot's owner, and the walk past
    servers that do not answer.

    \b
    ringmaster explain alice
    ringmaster explain /home
    """
    # A form would make a plus sign of a blank, and the API takes a plus sign for what it is.
    answer = invocation.client.get(f"/ring/lookup?key={quote(os.fsencode(key), safe='')}")
    invocation.show(answer, lambda: explanation(answer.document))
