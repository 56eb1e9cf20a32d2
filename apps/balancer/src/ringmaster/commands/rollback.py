"""`ringmaster rollback`: the old release again."""

from __future__ import annotations

import click

from ringmaster import rollouts
from ringmaster.errors import No
from ringmaster.invocation import Invocation, asks
from ringmaster.render import words
from ringmaster.render.deploys import summary


@click.command()
@click.option("--no-wait", is_flag=True, help="End as soon as the wish is saved.")
@asks
def rollback(invocation: Invocation, no_wait: bool) -> None:
    """Have the old release again.

    The running deploy goes back, and the command follows that to its end. A deploy that
    has ended cannot go back; deploy the old image again.

    The exit code is 0 when all servers have the old release, and 1 when the deploy is stuck or was done before.

    \b
    ringmaster rollback
    ringmaster rollback --no-wait
    """
    answer = invocation.client.change("DELETE", "/deploy")
    if not no_wait:
        answer = rollouts.follow(invocation.client, invocation.out)
    invocation.show(answer, lambda: words.line(summary(answer.document)))
    if not no_wait and rollouts.stage(answer) != "rolled back":
        raise No(f"the deploy is {rollouts.stage(answer)}: {rollouts.reason(answer)}")
