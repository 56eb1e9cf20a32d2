"""The end of a deploy: it is followed until it has ended, and tells what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from rich.status import Status

from ringmaster.errors import Away
from ringmaster.output import Output
from ringmaster.render.deploys import progress
from ringmaster.render.words import plain

if TYPE_CHECKING:
    from ringmaster.client import Answer, Client

ON_THEIR_WAY = ("pulling", "rolling", "rolling back")
_LOOK = 0.5
_PATIENCE = 120.0
"""Seconds for which the balancer may be away. It restarts by itself, and goes on with the deploy."""


def follow(client: Client, out: Output, *, clock: Callable[[], float] = time.monotonic) -> Answer:
    """The answer of /deploy when the deploy has ended. Each step is told on standard error. Raises Away where the
    balancer is away for too long."""
    told, away_since = "", 0.0
    with ExitStack() as stack:
        status = stack.enter_context(out.stderr.status("")) if out.stderr.is_terminal else None
        while True:
            try:
                answer = client.get("/deploy")
            except Away as error:
                away_since = away_since or clock()
                if clock() - away_since > _PATIENCE:
                    raise
                text = f"waiting: {error.format_message()}"
            else:
                away_since, text = 0.0, progress(answer.document["deploy"])
                if answer.document["deploy"]["stage"] not in ON_THEIR_WAY:
                    return answer
            if text != told:
                told = text
                _tell(out, status, text)
            time.sleep(_LOOK)


def stage(answer: Answer) -> str:
    return str(answer.document["deploy"]["stage"])


def reason(answer: Answer) -> str:
    deploy: dict[str, Any] = answer.document["deploy"]
    return deploy["reason"] or "no reason is known; ringmaster events --kind deploy tells more"


def _tell(out: Output, status: Status | None, text: str) -> None:
    if status:
        status.update(plain(text))
    else:
        out.say(text)
