"""The calls: what users and operators ask of the API, one at a time or at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from loadtests.chaos.actions import Action, ApiCall, Begun, Context
from loadtests.chaos.expected import ENVIRONMENT, PROFILE
from tests.deployment import base_image
from tests.http_client import Answer

FEWEST, MOST = 5, 8
"""What would bring N out of these bounds goes the other way."""
HEAVIEST = 3
VARIABLE = "CHAOS"
"""What deploys set in the servers' environment."""

PROFILES: tuple[dict[str, object], ...] = (
    {"strategy": "table"},
    {"strategy": "table", "request_hash": "xxh64"},
    {"strategy": "table", "key": "header:X-User"},
    {"strategy": "table", "bound": 1.5},
    {"strategy": "ring"},
    {"strategy": "ring", "request_hash": "md5", "key": "header:X-User"},
    {"strategy": "maglev"},
)
"""Not the course's: with a server that has four of five requests no crash keeps the retry budget."""


def add(context: Context) -> Begun:
    return _scale(context, context.chance.randint(1, 2))


def remove(context: Context) -> Begun:
    return _scale(context, -context.chance.randint(1, 2))


def at_once(context: Context) -> Begun:
    """Callers who know nothing of each other; all together leave N as it is."""
    began = time.monotonic()
    calls = [_change(context, delta) for delta in context.chance.sample([2, -1, -1], 3)]
    return Begun(began, "add 2, rm 1, rm 1", calls=calls)


def switch_ring(context: Context) -> Begun:
    profile = context.chance.choice(PROFILES)
    return _call(context, f"PUT /ring {profile}", lambda: context.system.put_ring(profile), sets=(PROFILE, profile))


def weigh(context: Context) -> Begun:
    replicas = sorted(context.views.now.replicas) or ["S1"]
    hostname, weight = context.chance.choice(replicas), context.chance.randint(1, HEAVIEST)
    return _call(
        context,
        f"{hostname} weighs {weight}",
        lambda: context.system.weigh(hostname, weight),
        sets=(hostname, weight),
        server=hostname,
    )


def deploy(context: Context) -> Begun:
    value = str(context.chance.getrandbits(32))
    return _call(
        context,
        "another environment",
        lambda: context.system.deploy(_release(value)),
        sets=(ENVIRONMENT, value),
        stage="done",
    )


def deploy_broken(context: Context) -> Begun:
    """An image without a server in it."""
    release = {"image": base_image()}
    return _call(context, "an image without a server", lambda: context.system.deploy(release), stage="rolled back")


def roll_back(context: Context) -> Begun:
    """A deploy, and a user who thinks better of it."""
    value, pause = str(context.chance.getrandbits(32)), context.chance.uniform(0, 1.5)

    def think_better() -> Answer:
        begun = context.system.deploy(_release(value))
        time.sleep(pause)
        return context.system.operate("DELETE", "/deploy") if begun.status == HTTPStatus.ACCEPTED else begun

    return _call(
        context, f"after {pause:.1f} s", think_better, sets=(ENVIRONMENT, value), reverts=True, stage="rolled back"
    )


CALLS = (
    Action("/add", 3, add),
    Action("/rm", 3, remove),
    Action("/add and /rm at once", 1, at_once),
    Action("PUT /ring", 2, switch_ring),
    Action("PATCH /servers", 2, weigh),
)
DEPLOYS = (
    Action("POST /deploy", 1, deploy),
    Action("POST /deploy, broken", 1, deploy_broken),
    Action("DELETE /deploy", 1, roll_back),
)


def _scale(context: Context, delta: int) -> Begun:
    within = FEWEST <= context.target + delta <= MOST
    began = time.monotonic()
    call = _change(context, delta if within else -delta)
    return Begun(began, call.says, calls=[call])


def _change(context: Context, delta: int) -> ApiCall:
    """Half of those who add name the servers."""
    system, chance = context.system, context.chance
    if delta < 0:
        return ApiCall.send(context, f"rm {-delta}", lambda: system.rm(-delta), delta=delta)
    named = [f"c{chance.getrandbits(48):x}" for _ in range(delta)] if chance.random() < 0.5 else None
    return ApiCall.send(context, f"add {delta}", lambda: system.add(delta, named), delta=delta)


def _release(value: str) -> dict[str, object]:
    return {"environment": {VARIABLE: value}}


def _call(context: Context, says: str, ask: Callable[[], Answer], **facts: Any) -> Begun:
    call = ApiCall.send(context, says, ask, **facts)
    return Begun(call.began, says, calls=[call])
