"""`ringmaster ring show`: the profile, and every server's slots."""

from __future__ import annotations

import click

from ringmaster.render import rings
from ringmaster.session import Session, asks


@click.command()
@asks
def show(session: Session) -> None:
    """Show the ring as it is.

    Its profile, and the slots and the share of every server.

    \b
    ringmaster ring show
    ringmaster ring show --json
    """
    answer = session.client.get("/ring")
    session.show(answer, lambda: rings.ring(answer.document))
