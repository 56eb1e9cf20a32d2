"""`ringmaster ring show`: the profile, and every server's slots."""

from __future__ import annotations

import click

from ringmaster.invocation import Invocation, asks
from ringmaster.render import rings


@click.command()
@asks
def show(invocation: Invocation) -> None:
    """Show the ring as it is.

    Its profile, and the slots and the share of every server.

    \b
    ringmaster ring show
    ringmaster ring show --json
    """
    answer = invocation.client.get("/ring")
    invocation.show(answer, lambda: rings.ring(answer.document))
