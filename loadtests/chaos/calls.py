"""The calls: what users and operators ask of the API, one at a time or at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus

from loadtests.chaos.deed import Call, Deed, Kind, Scene
from tests.deployment import base_image
from tests.http_client import Answer

FEWEST, MOST = 5, 8
"""What would bring N out of these bounds goes the other way."""
HEAVIEST = 3

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


def add(scene: Scene) -> Deed:
    return _scale(scene, scene.dice.randint(1, 2))


def remove(scene: Scene) -> Deed:
    return _scale(scene, -scene.dice.randint(1, 2))


def at_once(scene: Scene) -> Deed:
    """Callers who know nothing of each other; all together leave N as it is."""
    began = time.monotonic()
    calls = [_change(scene, delta) for delta in scene.dice.sample([2, -1, -1], 3)]
    return Deed(began, "add 2, rm 1, rm 1", calls=calls)


def switch_ring(scene: Scene) -> Deed:
    profile = scene.dice.choice(PROFILES)
    return _call(scene, f"PUT /ring {profile}", lambda: scene.system.put_ring(profile))


def weigh(scene: Scene) -> Deed:
    replicas = sorted(scene.watch.now.replicas) or ["S1"]
    hostname, weight = scene.dice.choice(replicas), scene.dice.randint(1, HEAVIEST)
    return _call(scene, f"{hostname} weighs {weight}", lambda: scene.system.weigh(hostname, weight))


def deploy(scene: Scene) -> Deed:
    wish = _wish(scene)
    return _call(scene, "another environment", lambda: scene.system.operate("POST", "/deploy", wish))


def deploy_broken(scene: Scene) -> Deed:
    """An image without a server in it."""
    wish = {"image": base_image()}
    return _call(scene, "an image without a server", lambda: scene.system.operate("POST", "/deploy", wish))


def roll_back(scene: Scene) -> Deed:
    """A deploy, and a user who thinks better of it."""
    wish, pause = _wish(scene), scene.dice.uniform(0, 1.5)

    def think_better() -> Answer:
        begun = scene.system.operate("POST", "/deploy", wish)
        time.sleep(pause)
        return scene.system.operate("DELETE", "/deploy") if begun.status == HTTPStatus.ACCEPTED else begun

    return _call(scene, f"after {pause:.1f} s", think_better)


CALLS = (
    Kind("/add", 3, add),
    Kind("/rm", 3, remove),
    Kind("/add and /rm at once", 1, at_once),
    Kind("PUT /ring", 2, switch_ring),
    Kind("PATCH /servers", 2, weigh),
)
DEPLOYS = (
    Kind("POST /deploy", 1, deploy),
    Kind("POST /deploy, broken", 1, deploy_broken),
    Kind("DELETE /deploy", 1, roll_back),
)


def _scale(scene: Scene, delta: int) -> Deed:
    within = FEWEST <= scene.target + delta <= MOST
    began = time.monotonic()
    call = _change(scene, delta if within else -delta)
    return Deed(began, call.says, calls=[call])


def _change(scene: Scene, delta: int) -> Call:
    """Half of those who add name the servers."""
    if delta < 0:
        return Call(f"rm {-delta}", scene.jobs.submit(scene.system.rm, -delta), delta)
    named = [f"c{scene.dice.getrandbits(48):x}" for _ in range(delta)] if scene.dice.random() < 0.5 else None
    return Call(f"add {delta}", scene.jobs.submit(scene.system.add, delta, named), delta)


def _wish(scene: Scene) -> dict[str, object]:
    return {"environment": {"CHAOS": str(scene.dice.getrandbits(32))}}


def _call(scene: Scene, says: str, ask: Callable[[], Answer]) -> Deed:
    began = time.monotonic()
    return Deed(began, says, calls=[Call(says, scene.jobs.submit(ask))])
