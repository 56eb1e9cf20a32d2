"""The faults of the chaos: what breaks servers, the balancer, the edge and the engine."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial

from docker.errors import APIError
from docker.models.containers import Container

from loadtests.chaos.actions import Action, Begun, Context
from loadtests.faults import engine, servers
from loadtests.faults.servers import carry_out, hostname, is_spare
from tests.containers import crash, run_in, started
from tests.polling import until
from tests.system import STATE

_DAMAGES = {
    "state damaged": "open('{0}', 'w').write('{{')",
    "state missing": "import os; os.remove('{0}')",
    "state and copy damaged": "[open(name, 'w').write('{{') for name in ('{0}', '{0}.last')]",
}
_EDGE_RETURNS_WITHIN = 60.0


def hit_server(fault: servers.Fault, context: Context) -> Begun:
    server = context.chance.choice(until(lambda: _unhurt(context), "a server is old enough to be hit", within=60))
    context.hit.add(str(server.id))
    victim = hostname(server)
    try:
        strike = fault(context.system, server)
    except APIError as error:
        return Begun(time.monotonic(), f"{victim} ({error})", did_nothing=True)
    at = time.monotonic()
    return Begun(at, victim, victim=victim, hit=str(server.id), job=context.jobs.submit(carry_out, strike))


def hit_spare(context: Context) -> Begun:
    running = [server for server in context.system.containers.of("server") if server.status == "running"]
    spares = [server for server in running if is_spare(server) and server.id not in context.hit]
    if not spares:
        return Begun(time.monotonic(), "no spare", did_nothing=True)
    spare = context.chance.choice(sorted(spares, key=lambda server: str(server.name)))
    context.hit.add(str(spare.id))
    return Begun(time.monotonic(), str(spare.name), hit=str(spare.id), job=context.jobs.submit(carry_out, spare.kill))


def hit_balancer(context: Context) -> Begun:
    balancer = context.system.containers.balancer
    until(lambda: started(balancer) and balancer.status == "running", "the balancer runs", within=60, pause=0.01)
    at = time.monotonic()
    crash(balancer)
    return Begun(at, "kill -9", takes_balancer=True)


def damage_state(context: Context) -> Begun:
    balancer = context.system.containers.balancer
    damage = context.chance.choice(list(_DAMAGES))
    at = time.monotonic()
    try:
        run_in(balancer, "python3", "-c", _DAMAGES[damage].format(STATE))
    except (AssertionError, APIError) as error:
        return Begun(at, f"{damage} ({error})", did_nothing=True)
    crash(balancer)
    return Begun(at, damage, takes_balancer=True, loses_state="copy" in damage)


def hit_edge(context: Context) -> Begun:
    edge = context.system.containers.edge
    run = started(edge)
    at = time.monotonic()
    crash(edge)
    return Begun(at, "kill -9", takes_edge=True, job=context.jobs.submit(_edge_returned, context, run))


def restart_engine(context: Context) -> Begun:
    run = started(context.system.containers.edge)
    at = time.monotonic()
    engine.restart()
    engine.wait_until_it_answers()
    return Begun(at, "restarted", takes_edge=True, job=context.jobs.submit(_edge_returned, context, run))


FAULTS = (
    *(Action(name, 3, partial(hit_server, fault)) for name, fault in servers.FAULTS.items()),
    Action("balancer kill -9", 3, hit_balancer),
    Action("balancer's state lost", 1, damage_state, alone=True),
    Action("edge kill -9", 1, hit_edge, alone=True),
)
SPARE_FAULT = Action("spare killed", 2, hit_spare)
"""For deployments that keep spares."""
ENGINE_FAULT = Action("engine restart", 1, restart_engine, alone=True)


def _unhurt(context: Context) -> list[Container]:
    """In the order of their names, so that the same seed means the same whatever order the engine has."""
    found = servers.old_enough(context.system, None if context.views.now.is_away else context.views.now.replicas)
    return sorted((server for server in found if server.id not in context.hit), key=lambda server: str(server.name))


def _edge_returned(context: Context, run: object) -> float:
    """When the edge, started anew, first answered."""

    def answers() -> bool:
        with suppress(OSError):
            return started(context.system.containers.edge) != run and context.system.get("/home").status == 200
        return False

    until(answers, "the edge serves again", within=_EDGE_RETURNS_WITHIN, pause=0.01)
    return time.monotonic()
