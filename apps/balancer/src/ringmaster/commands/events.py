"""`ringmaster events`: what happened, and what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ringmaster import event_stream
from ringmaster.hostnames import complete
from ringmaster.render import happened
from ringmaster.session import Session, asks

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
    session: Session, *, follow: bool, kind: str | None, server: str | None, since: int | None, limit: int | None
) -> None:
    """Show what happened, and why.

    With --since all that came after that event, otherwise the latest ones.

    With --json: the answer of /events, with --follow one event a line.

    \b
    ringmaster events --kind failed
    ringmaster events -f --server S1
    """
    shown = limit or (_USUAL if since is None else None)
    answer = session.client.get("/events", kind=kind, server=server, since=since, limit=shown)
    if not (follow and session.as_json):
        _history(session, answer)
    if not follow:
        return
    if session.as_json:
        for document in answer.document["events"]:
            session.out.line(event_stream.as_line(document))
    for message in event_stream.follow(session.client, after=answer.document["next"], kind=kind, server=server):
        _told(session, message)


def _history(session: Session, answer: Answer) -> None:
    if session.as_json:
        session.out.line(answer.text)
        return
    if answer.document["dropped"]:
        session.out.show(happened.dropped(answer.document["dropped"]))
    for event in answer.document["events"]:
        session.out.line_of(happened.event(event))


def _told(session: Session, message: event_stream.Message) -> None:
    if session.as_json:
        if message.kind != "dropped":
            session.out.line(message.data)
    elif message.kind == "dropped":
        session.out.show(happened.dropped(message.data))
    else:
        session.out.line_of(happened.event(event_stream.event(message)))
