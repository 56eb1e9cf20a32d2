"""`ringmaster events`: what happened, and what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ringmaster import event_stream
from ringmaster.hostnames import complete
from ringmaster.invocation import Invocation, asks
from ringmaster.render import happened

if TYPE_CHECKING:
    from ringmaster.client import Answer

_USUAL = 20


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on with each event as it happens, until Ctrl-C.")
@click.option("--kind", metavar="KIND", help="Only events of this kind, such as failed, replaced, deploy or change.")
@click.option("--server", metavar="NAME", shell_complete=complete, help="Only events of this server.")
@click.option("--since", type=click.IntRange(min=0), metavar="NUMBER", help="Only events after that number.")
@click.option(
    "--limit", "-n", type=click.IntRange(min=1), metavar="N", help="At most so many of the past. [default: 20]"
)
@asks
def events(
    invocation: Invocation, *, follow: bool, kind: str | None, server: str | None, since: int | None, limit: int | None
) -> None:
    """Show what happened, and why.

    With --since all that came after that event, otherwise the latest ones.

    With --json: the answer of /events, with --follow one event a line.

    \b
    ringmaster events --kind failed
    ringmaster events -f --server S1
    """
    shown = limit or (_USUAL if since is None else None)
    answer = invocation.client.get("/events", kind=kind, server=server, since=since, limit=shown)
    if not (follow and invocation.as_json):
        _history(invocation, answer)
    if not follow:
        return
    if invocation.as_json:
        for document in answer.document["events"]:
            invocation.out.line(event_stream.as_line(document))
    for message in event_stream.follow(invocation.client, after=answer.document["next"], kind=kind, server=server):
        _told(invocation, message)


def _history(invocation: Invocation, answer: Answer) -> None:
    if invocation.as_json:
        invocation.out.line(answer.text)
        return
    if answer.document["dropped"]:
        invocation.out.show(happened.dropped(answer.document["dropped"]))
    for event in answer.document["events"]:
        invocation.out.line_of(happened.event(event))


def _told(invocation: Invocation, message: event_stream.Message) -> None:
    if invocation.as_json:
        if message.kind != "dropped":
            invocation.out.line(message.data)
    elif message.kind == "dropped":
        invocation.out.show(happened.dropped(message.data))
    else:
        invocation.out.line_of(happened.event(event_stream.event(message)))
