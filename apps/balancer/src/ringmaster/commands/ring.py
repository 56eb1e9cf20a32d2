"""`ringmaster ring`: the group of commands about the ring itself."""

from __future__ import annotations

import click

from ringmaster.commands.ring_draw import draw
from ringmaster.commands.ring_preview import preview
from ringmaster.commands.ring_set import set_ring
from ringmaster.commands.ring_show import show


@click.group()
def ring() -> None:
    """Show, draw, try and change the ring.

    \b
    ringmaster ring show
    ringmaster ring preview --strategy maglev
    """


for _command in (show, preview, set_ring, draw):
    ring.add_command(_command)
