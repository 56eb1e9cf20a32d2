"""`ringmaster weight`: a server's part of the ring."""

from __future__ import annotations

from urllib.parse import quote

import click

from ringmaster.hostnames import complete
from ringmaster.invocation import Invocation, asks
from ringmaster.render.fleet import weighed


@click.command()
@click.argument("host", shell_complete=complete)
@click.argument("w", type=int)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@asks
def weight(invocation: Invocation, host: str, w: int, yes: bool) -> None:
    """Give a server another weight.

    HOST gets the weight W, from 0 to 256: W times the share of a server with weight 1. With 0 it
    gets no new request and stays; the command asks before that.

    \b
    ringmaster weight S1 3
    ringmaster weight S1 0 --yes
    """
    if w == 0:
        invocation.confirm(f"Give {host} no new requests?", is_sure=yes)
    answer = invocation.client.change("PATCH", f"/servers/{quote(host, safe='')}", {"weight": w})
    invocation.show(answer, lambda: weighed(answer.document))
