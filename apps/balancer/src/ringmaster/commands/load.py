"""`ringmaster load`: what every server has to do, and whether it is spread as the ring promises."""

from __future__ import annotations

import click

from ringmaster import watching
from ringmaster.invocation import Invocation, asks
from ringmaster.render import loads


@click.command()
@watching.watch
@watching.interval
@asks
def load(invocation: Invocation, watch: bool, interval: float) -> None:
    """Show what every server has to do.

    Requests, errors and response times, and each server's measured share beside the expected one.

    \b
    ringmaster load
    ringmaster load --watch
    """
    client, out = invocation.client, invocation.out
    if watch and invocation.as_json:
        watching.keep_printing(out, lambda: client.get("/load").text, interval)
    elif watch:
        watching.keep_showing(out, lambda: client.get("/load"), lambda seen: loads.load(seen.document), interval)
    else:
        answer = client.get("/load")
        invocation.show(answer, lambda: loads.load(answer.document))
