"""All commands, in the order in which help and docs/command.md have them. Each has a file of its own."""

from __future__ import annotations

import click

from ringmaster.commands.add import add
from ringmaster.commands.completion import completion
from ringmaster.commands.deploy import deploy
from ringmaster.commands.doctor import doctor
from ringmaster.commands.edges import edges
from ringmaster.commands.events import events
from ringmaster.commands.explain import explain
from ringmaster.commands.load import load
from ringmaster.commands.ring import ring
from ringmaster.commands.rm import rm
from ringmaster.commands.rollback import rollback
from ringmaster.commands.status import status
from ringmaster.commands.ui import ui
from ringmaster.commands.weight import weight

COMMANDS: tuple[click.Command, ...] = (
    status,
    explain,
    add,
    rm,
    weight,
    ring,
    deploy,
    rollback,
    events,
    load,
    edges,
    doctor,
    ui,
    completion,
)
