"""`ringmaster explain`: the way of a key to its server."""

from __future__ import annotations

import os

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
    answer = session.client.get("/ring/lookup", key=os.fsencode(key))
    session.show(answer, lambda: explanation(answer.document))
