"""`ringmaster ring preview`: another ring beside the present one. Nothing is changed."""

from __future__ import annotations

from typing import Any

import click

from ringmaster.invocation import Invocation, asks
from ringmaster.other_servers import members
from ringmaster.profiles import merged, profile_options
from ringmaster.render import rings


@click.command()
@click.option(
    "--servers",
    metavar="S1=1,S2=2",
    help="All servers of the other ring: with weights, as names alone, or their number. Unknown names are newcomers.",
)
@profile_options
@asks
def preview(invocation: Invocation, servers: str | None, fields: dict[str, Any]) -> None:
    """Show another ring beside the present one.

    What another profile or other servers would change: shares, slots, and the keys that would move. Nothing is
    changed.

    Without another --strategy, what is not named stays as it is. With one, it is that strategy's usual, but for --key
    and --bound.

    \b
    ringmaster ring preview --strategy maglev
    ringmaster ring preview --strategy course --servers 6
    ringmaster ring preview --servers S1=1,S2=2,S9=1
    """
    present = invocation.client.get("/ring").document
    wish: dict[str, Any] = {}
    if fields:
        wish["profile"] = merged(present["profile"], fields)
    if servers is not None:
        wish["servers"] = members(servers, [server["hostname"] for server in present["servers"]])
    answer = invocation.client.ask("/ring/preview", wish)
    invocation.show(answer, lambda: rings.preview(answer.document))
