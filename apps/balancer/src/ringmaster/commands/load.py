"""`ringmaster load`: what every server has to do, and whether it is spread as the ring promises."""

from __future__ import annotations

import click

from ringmaster import watching
from ringmaster.render import loads
from ringmaster.session import Session, asks


@click.command()
@watching.watch
@watching.interval
@asks
def load(session: Session, watch: bool, interval: float) -> None:
    """Show what every server has to do.

    Requests, errors and response times, and each server's measured share beside the expected one.

    \b
    ringmaster load
    ringmaster load --watch
    """
    client, out = session.client, session.out
    if watch and session.as_json:
        watching.keep_printing(out, lambda: client.get("/load").text, interval)
    elif watch:
        watching.keep_showing(out, lambda: client.get("/load"), lambda seen: loads.load(seen.document), interval)
    else:
        answer = client.get("/load")
        session.show(answer, lambda: loads.load(answer.document))
