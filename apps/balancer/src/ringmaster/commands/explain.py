"""`ringmaster explain`: the way of a key to its server."""

from __future__ import annotations

import os
from urllib.parse import quote

import click

from ringmaster.render.explanation import explanation
from ringmaster.session import Session, asks


@click.command()
@click.argument("key")
@asks
def explain(session: Session, key: str) -> None:
    """Show where a key goes, and why.

    Which server answers requests with KEY: its hash, its slot, the slot's owner, and the walk past
    servers that do not answer.

    \b
    ringmaster explain alice
    ringmaster explain /home
    """
    # A form would make a plus sign of a blank, and the API takes a plus sign for what it is.
    answer = session.client.get(f"/ring/lookup?key={quote(os.fsencode(key), safe='')}")
    session.show(answer, lambda: explanation(answer.document))
