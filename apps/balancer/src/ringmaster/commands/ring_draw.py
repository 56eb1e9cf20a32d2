"""`ringmaster ring draw`: the ring as a drawing, alone or beside another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ringmaster.errors import Refused
from ringmaster.invocation import Invocation, asks
from ringmaster.key_value import values
from ringmaster.other_servers import members
from ringmaster.profiles import merged
from ringmaster.render.drawings import Picture, drawing

if TYPE_CHECKING:
    from ringmaster.client import Answer, Client


@click.command()
@click.option(
    "--what-if",
    "changes",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A field of another profile, drawn beside the present one; may be repeated.",
)
@click.option("--servers", metavar="S1=1,S2=2", help="All servers of the other ring, as in ring preview.")
@click.option(
    "--shape", type=click.Choice(["circle", "band"]), default="circle", show_default=True, help="How it is drawn."
)
@click.option("--answering", is_flag=True, help="Draw who answers for each slot now, not its owner.")
@asks
def draw(invocation: Invocation, changes: tuple[str, ...], servers: str | None, shape: str, answering: bool) -> None:
    """Draw the ring.

    Slot 0 is at the top, slots go clockwise, each in its owner's colour, or letter where there are no
    colours. Virtual servers stand around it, where the strategy has them. With --what-if another ring is drawn beside.

    With --json: the answer of /ring/slots, or of /ring/preview.

    \b
    ringmaster ring draw
    ringmaster ring draw --what-if strategy=course
    ringmaster ring draw --shape band
    """
    if changes or servers is not None:
        answer = _other(invocation.client, changes, servers)
        pictures = [_side(title, answer.document[title]) for title in ("now", "then")] if not invocation.as_json else []
    else:
        answer = invocation.client.get("/ring/slots")
        pictures = [_present(invocation.client, answer.document["answering" if answering else "owners"])]
    out = invocation.out
    invocation.show(answer, lambda: drawing(pictures, out.columns, shape=shape, has_colour=out.has_colour))


def _present(client: Client, owners: list[str]) -> Picture:
    ring = client.get("/ring").document
    points = client.find("/ring/points")
    return Picture(
        title="now",
        profile=ring["profile"],
        servers=ring["servers"],
        owners=owners,
        points=points.document["points"] if points else {},
    )


def _other(client: Client, changes: tuple[str, ...], servers: str | None) -> Answer:
    """The answer of /ring/preview with the owners of both sides' slots."""
    present = client.get("/ring").document
    wish: dict[str, Any] = {"slots": True}
    if changes:
        wish["profile"] = merged(present["profile"], values(changes, option="--what-if"))
    if servers is not None:
        wish["servers"] = members(servers, [server["hostname"] for server in present["servers"]])
    return client.ask("/ring/preview", wish)


def _side(title: str, side: dict[str, Any]) -> Picture:
    if "owners" not in side:
        raise Refused("this balancer tells no slots of another ring: ringmaster ring preview shows the shares")
    return Picture(title=title, profile=side["profile"], servers=side["servers"], owners=side["owners"])
