"""The one place that wires everything together. Building starts nothing: no thread, no socket, no file."""

from __future__ import annotations

import math
import os
import random
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]

from balancer.adapters.docker_engine import DockerEngine, ServerSpec
from balancer.adapters.file_store import FileStore
from balancer.adapters.flask_plane.forwarder import Forwarder, ForwardingProfile
from balancer.adapters.flask_plane.plane import FlaskPlane
from balancer.adapters.haproxy.config import EdgeProfile
from balancer.adapters.haproxy.edge import HaproxyEdge
from balancer.adapters.http_probe import HttpProbe, HttpProbes
from balancer.adapters.system import SystemChance, SystemClock
from balancer.core import roll
from balancer.core.heartbeat import Patience
from balancer.core.request_hash import REQUEST_IDS
from balancer.http.answer import broken_body
from balancer.http.control import create_control_app
from balancer.http.event_stream import STOPPING
from balancer.http.public import Forward, create_public_app
from balancer.ports.data_plane import DataPlane
from balancer.service.autoscaler import Autoscaler
from balancer.service.condition import Condition
from balancer.service.crew import Crew
from balancer.service.desired import DesiredFleet
from balancer.service.events import Events
from balancer.service.fleet_service import FleetService
from balancer.service.health import Health
from balancer.service.heartbeats import Heartbeats
from balancer.service.loops import Loops
from balancer.service.reconciler import Reconciler
from balancer.service.restorer import Restorer, Wishes
from balancer.service.ring_service import RingService
from balancer.service.rollout import Rollout
from balancer.service.slow_start import SlowStart
from balancer.service.starter import Starter
from balancer.service.turns import Turns
from balancer.settings import Settings, read

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTROL_PORT = 5001
PUBLIC_PORT = 5000


class Application:
    """The WSGI application of both sides; which one a request is for is told by the socket it came in on."""

    def __init__(self, *, public: WSGIApplication, control: WSGIApplication, loops: Loops) -> None:
        self._public = public
        self._control = control
        self._loops = loops
        self._stopping: Callable[[], bool] = lambda: False
        self.stop: Callable[[], None] = loops.stop

    def start(self, *, stopping: Callable[[], bool]) -> None:
        """`stopping` tells whether the web server waits for open answers to end: those that have no end ask it."""
        self._stopping = stopping
        self._loops.start()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[STOPPING] = self._stopping
        came_in_on: Any = environ["gunicorn.socket"].getsockname()
        is_control = isinstance(came_in_on, tuple) and came_in_on[1] == CONTROL_PORT
        return (self._control if is_control else self._public)(environ, start_response)


def binds(settings: Settings) -> list[str]:
    """Where gunicorn listens: the control port, and the public side, which the edge reaches over a unix socket."""
    public = f"0.0.0.0:{PUBLIC_PORT}" if settings.data_plane == "flask" else f"unix:{settings.edge_dir}/balancer.sock"
    return [f"0.0.0.0:{CONTROL_PORT}", public]


def create_app() -> Application:
    """gunicorn's entry: the application of this process's environment."""
    return build(read(os.environ))


def build(settings: Settings) -> Application:
    size = 2 * (settings.max_servers + settings.spares) + 8
    clock, chance, wake = SystemClock(), SystemChance(), threading.Event()
    runtime = DockerEngine(_server_spec(settings))
    probe = HttpProbe(path=settings.heartbeat_path, timeout=settings.heartbeat_timeout)
    plane, forward = _data_plane(settings)
    events = Events(clock)
    condition = Condition(events)
    catalogue = settings.catalogue()
    profile = catalogue.profile(settings.ring)
    store = FileStore(Path(settings.state_dir), catalogue=catalogue, profile=profile, release=settings.release())
    desired = DesiredFleet(store=store, plane=plane, profile=profile)
    crew = Crew(
        runtime=runtime,
        plane=plane,
        probe=probe,
        clock=clock,
        events=events,
        start_grace=settings.start_grace,
        drain_timeout=settings.drain_timeout,
        size=size,
    )
    patience = Patience(timeout=settings.heartbeat_timeout)
    probes = HttpProbes(path=settings.heartbeat_path, patience=patience, clock=clock)
    heartbeats = Heartbeats(probes=probes, strikes=settings.heartbeat_strikes)
    slow_start = SlowStart(clock=clock, seconds=settings.slow_start)
    wishes = Wishes(
        initial=settings.initial_servers,
        profile=profile,
        release=settings.release(),
        surge=settings.roll_surge,
        batch=settings.roll_batch,
    )
    starter = Starter(
        desired=desired,
        crew=crew,
        condition=condition,
        events=events,
        chance=chance,
        clock=clock,
        ramp=slow_start.first_ramp,
        on_change=wake.set,
    )
    reconciler = Reconciler(
        desired=desired,
        crew=crew,
        runtime=runtime,
        heartbeats=heartbeats,
        condition=condition,
        events=events,
        restorer=Restorer(desired=desired, runtime=runtime, condition=condition, events=events, wishes=wishes),
        starter=starter,
        slow_start=slow_start,
        spares=settings.spares,
    )
    turns = Turns(desired=desired, patience=_longest_turn(settings))
    rollout = Rollout(
        desired=desired,
        crew=crew,
        turns=turns,
        starter=starter,
        events=events,
        clock=clock,
        surge=settings.roll_surge,
        batch=settings.roll_batch,
    )
    service = FleetService(
        desired=desired,
        crew=crew,
        turns=turns,
        events=events,
        chance=chance,
        clock=clock,
        max_servers=settings.max_servers,
        reserved=("ringmaster-edge", "ringmaster-balancer"),
        ramp=slow_start.first_ramp,
    )
    ring = RingService(
        desired=desired,
        plane=plane,
        catalogue=catalogue,
        turns=turns,
        events=events,
        configured=profile,
        slow_start=settings.slow_start > 0,
        max_servers=settings.max_servers,
    )
    autoscaler: Autoscaler | None = None
    if scaling := settings.autoscaling():
        autoscaler = Autoscaler(
            policy=scaling,
            plane=plane,
            desired=desired,
            service=service,
            events=events,
            clock=clock,
            may_act=lambda: desired.restored and not desired.fleet.is_first and roll.goal(desired.fleet) is None,
        )
    loops = Loops(
        wake=wake,
        reconciler=reconciler,
        rollout=rollout,
        heartbeats=heartbeats,
        desired=desired,
        runtime=runtime,
        clock=clock,
        events=events,
        interval=settings.heartbeat_interval,
        autoscaler=autoscaler,
    )
    public = create_public_app(service, token_sha256=settings.token_sha256, forward=forward)
    health = Health(desired=desired, condition=condition)
    control = create_control_app(health, ring, events, rollout, token_sha256=settings.token_sha256)
    for side in (public, control):
        side.register_error_handler(ParseException, broken_body)
    return Application(public=public, control=control, loops=loops)


def _longest_turn(settings: Settings) -> float:
    """Seconds that one change may take: a surge of a deploy is the longest."""
    batches = math.ceil(settings.roll_surge / settings.roll_batch)
    return settings.start_grace + batches * (settings.drain_timeout + settings.stop_timeout)


def _data_plane(settings: Settings) -> tuple[DataPlane, Forward | None]:
    course_errors = settings.unknown_path == "course"
    if settings.data_plane == "haproxy":
        edge = EdgeProfile(
            directory=Path(settings.edge_dir),
            heartbeat_path=settings.heartbeat_path,
            response_timeout=settings.response_timeout,
            course_errors=course_errors,
            explain=settings.explain,
            access_log=settings.access_log,
            bufsize=settings.bufsize,
        )
        return HaproxyEdge(edge), None
    plane = FlaskPlane()
    forwarding = ForwardingProfile(
        response_timeout=settings.response_timeout,
        course_errors=course_errors,
        explain=settings.explain,
        access_log=settings.access_log,
        draw=lambda: random.choice(REQUEST_IDS),  # noqa: S311 (spreads load, guards nothing)
    )
    return plane, Forwarder(plane, forwarding)


def _server_spec(settings: Settings) -> ServerSpec:
    return ServerSpec(
        deployment=settings.deployment,
        name_prefix=settings.name_prefix,
        network=settings.network,
        port=settings.server_port,
        read_only=settings.server_read_only,
        capabilities=settings.server_capabilities,
        stop_timeout=settings.stop_timeout,
    )
