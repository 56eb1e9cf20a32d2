"""Hostnames for the shell's completion, asked from the balancer. Whatever fails, there is just nothing to complete."""

from __future__ import annotations

import os

import click
from click.shell_completion import CompletionItem

from ringmaster.place import Given, find

_PATIENCE = 1.0
"""Seconds. Somebody waits at the prompt."""


def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The servers that serve and whose names begin so."""
    from ringmaster.client import Client  # noqa: PLC0415 (slow to load, and help needs none)

    try:
        replicas = (
            Client(find(_given(context), os.environ)).get("/rep", timeout=_PATIENCE).document["message"]["replicas"]
        )
    except (click.ClickException, KeyError, TypeError):
        return []
    return [CompletionItem(name) for name in replicas if name.startswith(incomplete)]


def _given(context: click.Context) -> Given:
    """What stands on the line so far."""
    given = Given()
    while True:
        said = context.params.get
        given = given.over(Given(url=said("url"), token_file=said("token_file"), ca=said("ca")))
        if context.parent is None:
            return given
        context = context.parent
