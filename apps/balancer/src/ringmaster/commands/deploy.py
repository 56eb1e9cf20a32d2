"""`ringmaster deploy`: another release for all servers, followed to its end."""

from __future__ import annotations

from typing import Any

import click

from ringmaster import rollouts
from ringmaster.errors import No
from ringmaster.invocation import Invocation, asks
from ringmaster.key_value import texts, values
from ringmaster.render import words
from ringmaster.render.deploys import summary


@click.command()
@click.argument("image", required=False)
@click.option(
    "--env",
    "environment",
    multiple=True,
    metavar="K=V",
    help="A variable of every server; may be repeated. They replace all that there were.",
)
@click.option("--memory", metavar="SIZE", help="A server's memory limit, such as 256m.")
@click.option("--cpus", type=float, metavar="CPUS", help="A server's limit in CPUs; 0 for none.")
@click.option("--pull", is_flag=True, help="Ask the registry what the image's name means now.")
@click.option(
    "--set", "more", multiple=True, metavar="FIELD=JSON", help="Any other field of a release; may be repeated."
)
@click.option("--no-wait", is_flag=True, help="End as soon as the wish is saved.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@asks
def deploy(invocation: Invocation, *, more: tuple[str, ...], no_wait: bool, yes: bool, **named: Any) -> None:
    """Give all servers another release.

    Every server gets a container of it, a few at a time, and the command follows that to its end. What is not named
    stays; where nothing is named, every server is made anew, and the command asks first.

    The exit code is 0 when all servers have the release, and 1 when the deploy went back or is stuck. After Ctrl-C it
    goes on; ringmaster status shows it.

    \b
    ringmaster deploy registry/app:1.2
    ringmaster deploy --env MODE=fast --memory 256m
    ringmaster deploy --set 'command=["serve","--fast"]'
    """
    wish = _wish(more=more, **named)
    if not wish:
        invocation.confirm("Make every server anew, of what it is now?", is_sure=yes)
    answer = invocation.client.change("POST", "/deploy", wish)
    if not no_wait:
        answer = rollouts.follow(invocation.client, invocation.out)
    invocation.show(answer, lambda: words.line(summary(answer.document)))
    if not no_wait and rollouts.stage(answer) != "done":
        raise No(f"the deploy is {rollouts.stage(answer)}: {rollouts.reason(answer)}")


def _wish(
    *,
    image: str | None,
    environment: tuple[str, ...],
    memory: str | None,
    cpus: float | None,
    pull: bool,
    more: tuple[str, ...],
) -> dict[str, Any]:
    """The body of POST /deploy: what was named."""
    given = {
        "image": image,
        "environment": texts(environment, option="--env") or None,
        "memory": memory,
        "cpus": cpus,
        "pull": pull or None,
    }
    return {name: value for name, value in given.items() if value is not None} | values(more, option="--set")
