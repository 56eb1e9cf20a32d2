"""`ringmaster ring set`: another ring, live."""

from __future__ import annotations

from typing import Any

import click

from ringmaster.invocation import Invocation, asks
from ringmaster.profiles import merged, profile_options
from ringmaster.render import rings


@click.command("set")
@profile_options
@asks
def set_ring(invocation: Invocation, fields: dict[str, Any]) -> None:
    """Switch to another ring.

    No request is lost; ringmaster ring preview shows before which keys move.

    Without another --strategy, what is not named stays as it is. With one, it is that strategy's usual, but for --key
    and --bound.

    \b
    ringmaster ring set --strategy maglev
    ringmaster ring set --key header:X-User --bound 1.25
    """
    if not fields:
        raise click.UsageError("say what to set, such as --strategy maglev; ringmaster ring show shows what is")
    present = invocation.client.get("/ring").document["profile"]
    with invocation.out.waiting("switching the ring"):
        answer = invocation.client.change("PUT", "/ring", merged(present, fields))
    invocation.show(answer, lambda: rings.ring(answer.document))
