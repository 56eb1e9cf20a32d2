"""The faults: what breaks servers, the balancer and the edge. Needs root, where processes are hit from outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from http import HTTPStatus

from docker.errors import APIError
from docker.models.containers import Container

from loadtests.chaos.deed import CannotStrike, Deed, Kind, Scene
from loadtests.chaos.invariants import hostname, is_spare
from tests.containers import crash, freeze, run_in, started
from tests.polling import until

RIPE = 12.0
"""Seconds since its start after which a server may be hit: where servers of under 10 s on the ring keep failing, the
balancer puts off replacements on purpose."""

_MEMORY = "96m"
_HOG = "open('/proc/1/oom_score_adj', 'w').write('1000'); hog = [bytes([1]) * (1 << 20) for _ in range(1 << 10)]"
_STATE = "/var/lib/ringmaster/fleet.json"
_DAMAGES = {
    "state damaged": "open('{0}', 'w').write('{{')",
    "state missing": "import os; os.remove('{0}')",
    "state and copy damaged": "[open(name, 'w').write('{{') for name in ('{0}', '{0}.last')]",
}
_EDGE_RETURNS_WITHIN = 60.0

Prepared = Callable[[], object]


def out_of_memory(_: Scene, server: Container) -> Prepared:
    """The kernel takes the container's first process for the memory that another one wants."""
    server.update(mem_limit=_MEMORY, memswap_limit=_MEMORY)
    return partial(server.exec_run, ["python3", "-c", _HOG])


def leave_network(scene: Scene, server: Container) -> Prepared:
    network = scene.system.containers.engine.networks.get(scene.system.settings.network)
    return partial(network.disconnect, server, force=True)


STRIKES: dict[str, Callable[[Scene, Container], Prepared]] = {
    "docker kill": lambda _, server: server.kill,
    "docker stop": lambda _, server: partial(server.stop, timeout=10),
    "docker rm -f": lambda _, server: partial(server.remove, force=True),
    "OOM kill": out_of_memory,
    "process exit": lambda _, server: partial(server.exec_run, ["sh", "-c", "kill -TERM 1"]),
    "network disconnect": leave_network,
    "docker pause": lambda _, server: server.pause,
    "SIGSTOP": lambda _, server: partial(freeze, server),
}
HANGS = ("docker pause", "SIGSTOP")


def ripe(scene: Scene) -> list[Container]:
    """Servers on the ring that may be hit."""
    view = scene.watch.now
    on_the_ring = [server for server in _unhurt(scene) if view.is_away or hostname(server) in view.replicas]
    return [server for server in on_the_ring if not is_spare(server) and time.time() - _started_at(server) > RIPE]


def hit_server(strike: Callable[[Scene, Container], Prepared], scene: Scene) -> Deed:
    server = scene.dice.choice(until(lambda: ripe(scene), "a server is old enough to be hit", within=60))
    scene.struck.add(str(server.id))
    victim = hostname(server)
    try:
        blow = strike(scene, server)
    except APIError as error:
        return Deed(time.monotonic(), f"{victim} ({error})")
    began = time.monotonic()
    return Deed(began, victim, victim=victim, struck=str(server.id), job=scene.jobs.submit(_forgiving, blow))


def hit_spare(scene: Scene) -> Deed:
    spares = [server for server in _unhurt(scene) if is_spare(server)]
    if not spares:
        return Deed(time.monotonic(), "no spare")
    spare = scene.dice.choice(spares)
    scene.struck.add(str(spare.id))
    return Deed(time.monotonic(), str(spare.name), job=scene.jobs.submit(_forgiving, spare.kill))


def hit_balancer(scene: Scene) -> Deed:
    balancer = scene.system.containers.balancer
    until(lambda: started(balancer) and balancer.status == "running", "the balancer runs", within=60, pause=0.01)
    began = time.monotonic()
    crash(balancer)
    return Deed(began, "kill -9", takes_balancer=True)


def damage_state(scene: Scene) -> Deed:
    balancer = scene.system.containers.balancer
    damage = scene.dice.choice(list(_DAMAGES))
    began = time.monotonic()
    try:
        run_in(balancer, "python3", "-c", _DAMAGES[damage].format(_STATE))
    except (AssertionError, APIError) as error:
        return Deed(began, f"{damage} ({error})")
    crash(balancer)
    return Deed(began, damage, takes_balancer=True)


def hit_edge(scene: Scene) -> Deed:
    edge = scene.system.containers.edge
    run = started(edge)
    began = time.monotonic()
    crash(edge)
    return Deed(began, "kill -9", takes_edge=True, job=scene.jobs.submit(edge_returned, scene, run))


FAULTS = (
    *(Kind(name, 3, partial(hit_server, strike), is_crash=name not in HANGS) for name, strike in STRIKES.items()),
    Kind("balancer kill -9", 3, hit_balancer),
    Kind("balancer's state lost", 1, damage_state, alone=True),
    Kind("edge kill -9", 1, hit_edge, alone=True),
)
SPARE_FAULT = Kind("spare killed", 2, hit_spare)
"""For deployments that keep spares."""


def _unhurt(scene: Scene) -> list[Container]:
    """In the order of their names, so that the dice mean the same whatever order the engine has."""
    servers = scene.system.containers.of("server")
    unhurt = [server for server in servers if server.id not in scene.struck and server.status == "running"]
    return sorted(unhurt, key=lambda server: str(server.name))


def _started_at(server: Container) -> float:
    """Seconds since 1970; the engine writes nanoseconds, which Python does not read."""
    return datetime.fromisoformat(server.attrs["State"]["StartedAt"][:19] + "+00:00").timestamp()


def _forgiving(blow: Prepared) -> None:
    """The balancer may have removed the container before the engine has answered us. Raises CannotStrike."""
    try:
        blow()
    except APIError as error:
        if error.status_code not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
            raise CannotStrike(str(error)) from error


def edge_returned(scene: Scene, run: object) -> float:
    """When the edge, started anew, first answered."""

    def answers() -> bool:
        with suppress(OSError):
            return started(scene.system.containers.edge) != run and scene.system.get("/home").status == 200
        return False

    until(answers, "the edge serves again", within=_EDGE_RETURNS_WITHIN, pause=0.01)
    return time.monotonic()
