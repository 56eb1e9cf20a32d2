"""`ringmaster status`: the whole system at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from rich.console import RenderableType

from ringmaster import watching
from ringmaster.invocation import Invocation, asks
from ringmaster.render import fleet

if TYPE_CHECKING:
    from ringmaster.client import Answer, Client


@dataclass(frozen=True, slots=True)
class Seen:
    """The answers of /readyz, /ring, /deploy and /load. `load`: None where the balancer has no /load."""

    health: Answer
    ring: Answer
    deployed: Answer
    load: Answer | None

    @property
    def text(self) -> str:
        """One JSON object of the four documents as they came."""
        load = self.load.text if self.load else "null"
        parts = {"health": self.health.text, "ring": self.ring.text, "deploy": self.deployed.text, "load": load}
        return "{" + ",".join(f'"{name}":{text.strip()}' for name, text in parts.items()) + "}"

    @property
    def picture(self) -> RenderableType:
        load = self.load.document if self.load else None
        return fleet.status(self.health.document, self.ring.document, self.deployed.document, load)


def look(client: Client) -> Seen:
    return Seen(client.get("/readyz", also=(503,)), client.get("/ring"), client.get("/deploy"), client.find("/load"))


@click.command()
@watching.watch
@watching.interval
@asks
def status(invocation: Invocation, watch: bool, interval: float) -> None:
    """Show the whole system at a glance.

    Whether all is well, every server with its share and load, the deploy, and what ails.

    With --json: one object of the answers of /readyz, /ring, /deploy and /load, with --watch one a line.

    \b
    ringmaster status
    ringmaster status --watch --interval 1
    """
    if watch and invocation.as_json:
        watching.keep_printing(invocation.out, lambda: look(invocation.client).text, interval)
    elif watch:
        watching.keep_showing(invocation.out, lambda: look(invocation.client), lambda seen: seen.picture, interval)
    elif invocation.as_json:
        invocation.out.line(look(invocation.client).text)
    else:
        invocation.out.show(look(invocation.client).picture)
