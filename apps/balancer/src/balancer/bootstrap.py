"""Builds the application: it connects adapters, services and HTTP. It starts no thread and opens no socket or file."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]

from balancer import VERSION
from balancer.adapters.attached_networks import AttachedNetworks
from balancer.adapters.file_store import FileStore
from balancer.adapters.flask_plane.forwarder import Forwarder, ForwardingOptions
from balancer.adapters.flask_plane.plane import FlaskPlane
from balancer.adapters.haproxy.config import EdgeOptions
from balancer.adapters.haproxy.edge import HaproxyEdge
from balancer.adapters.haproxy.exporter import HaproxyExporter
from balancer.adapters.haproxy.tls import Tls
from balancer.adapters.haproxy.traffic import HaproxyTraffic
from balancer.adapters.http_probe import HttpProbe, HttpProbes
from balancer.adapters.keeper_client import KeeperClient
from balancer.adapters.prometheus.exposition import Exposition
from balancer.adapters.system import SystemClock, SystemRandomness
from balancer.adapters.tokens_file import TokensFile
from balancer.core.errors import PlaneUnavailable
from balancer.core.fleet import Fleet
from balancer.core.fleet_settings import FleetSettings
from balancer.core.heartbeat_timeout import HeartbeatTimeout
from balancer.core.hostnames import RESERVED
from balancer.core.request_hash import REQUEST_IDS
from balancer.core.routes import routes
from balancer.core.trusted_proxies import TrustedProxies
from balancer.http.answer import broken_body
from balancer.http.audit import Audit
from balancer.http.control import create_control_app
from balancer.http.event_stream import STOPPING
from balancer.http.gate import Gate
from balancer.http.guard import CLIENT, Guard
from balancer.http.metrics import Metrics
from balancer.http.public import Forward, create_public_app
from balancer.http.readiness import create_readiness_app
from balancer.listeners import CONTROL_PORT, CONTROL_SOCKET, EDGE_SOCKETS, HEALTH_SOCKET, PUBLIC_PORT, PUBLIC_SOCKET
from balancer.ports.data_plane import DataPlane
from balancer.service.loops import Loops
from balancer.service.services import Options, Ports, Services
from balancer.settings import Settings, read

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from balancer.adapters.spans import Spans


_ANSWER_TIME = 10.0
"""Seconds for which one piece of an answer of the balancer itself may be sent. A client that reads nothing would occupy
its thread."""


class Application:
    """The WSGI application of all listeners. The socket that a request came in on decides who answers, never the
    request: `listening` is the name of a unix socket or a port → the application."""

    def __init__(
        self,
        listening: Mapping[str | int, WSGIApplication],
        *,
        proxies: TrustedProxies,
        loops: Loops,
        begin: Callable[[], None] = lambda: None,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        self._listening = listening
        self._proxies = proxies
        self._loops = loops
        self._begin = begin
        self._end = end
        self._stopping: Callable[[], bool] = lambda: False

    def start(self, *, stopping: Callable[[], bool]) -> None:
        """Starts the loops. `stopping` returns whether the web server waits for open answers to end. An event stream
        asks it, because it has no end of its own."""
        self._stopping = stopping
        self._begin()
        self._loops.start()

    def stop(self) -> None:
        self._loops.stop()
        self._end()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[STOPPING] = self._stopping
        connection = environ["gunicorn.socket"]
        came_in_on: tuple[str, int] | str = connection.getsockname()
        if isinstance(came_in_on, tuple):
            listener: str | int = came_in_on[1]
            forwarded_for = environ.get("HTTP_X_FORWARDED_FOR", "")
            environ[CLIENT] = self._proxies.client(environ.get("REMOTE_ADDR", ""), forwarded_for)
        else:
            listener = came_in_on.rpartition("/")[2]
            environ[CLIENT] = environ.get("HTTP_X_RINGMASTER_CLIENT", "") if listener in EDGE_SOCKETS else ""
        if listener != PUBLIC_PORT:
            connection.settimeout(_ANSWER_TIME)
        return self._listening[listener](environ, start_response)


def create_app() -> Application:
    """The application for this process's environment. gunicorn calls it."""
    return build(read(os.environ))


def build(settings: Settings) -> Application:
    plane, forward = _data_plane(settings)
    options = service_options(settings)
    exposition = Exposition(SystemClock())
    spans = _spans(settings)
    ports = _ports(settings, plane, options, exposition)
    services = Services(replace(ports, listeners=(*ports.listeners, *spans)), options)
    exposition.read_from(services.status_report.status, version=VERSION, data_plane=settings.data_plane)
    gate = Gate(
        guard=Guard(attached=AttachedNetworks(), hosts=settings.control_hosts),
        tokens=services.tokens,
        audit=Audit(services.events),
    )
    public = create_public_app(
        services.fleet,
        gate=gate,
        forward=forward,
        control_prefix=settings.control_prefix,
        public_control=settings.public_control,
    )
    control = create_control_app(
        services.health,
        services.fleet,
        services.ring,
        services.events,
        services.rollout,
        sessions=services.sessions,
        load=services.load_history,
        gate=gate,
        metrics=Metrics(balancer=exposition.text, edge=ports.edge.exposition if ports.edge else None),
    )
    for side in (public, control):
        side.register_error_handler(ParseException, broken_body)
    return Application(
        {
            PUBLIC_PORT: public,
            PUBLIC_SOCKET: public,
            CONTROL_PORT: control,
            CONTROL_SOCKET: control,
            Path(HEALTH_SOCKET).name: create_readiness_app(services.health),
        },
        proxies=TrustedProxies(settings.trusted_proxies),
        loops=services.loops(),
        begin=_in_turn(
            *([_first_files(plane, options)] if isinstance(plane, HaproxyEdge) else []), *(each.start for each in spans)
        ),
        end=_in_turn(*(each.stop for each in spans)),
    )


def _in_turn(*steps: Callable[[], None]) -> Callable[[], None]:
    def all_of_them() -> None:
        for step in steps:
            step()

    return all_of_them


def _spans(settings: Settings) -> list[Spans]:
    """One, or none: then not even its libraries are loaded."""
    if not settings.otlp_endpoint:
        return []
    from balancer.adapters.spans import Spans  # noqa: PLC0415

    return [Spans(settings.otlp_endpoint, settings.deployment)]


def _first_files(edge: HaproxyEdge, options: Options) -> Callable[[], None]:
    """Before a fleet is there, the edge starts with an empty one: the control port is behind it."""
    nobody = routes(Fleet.empty(options.fleet.profile))

    def begin() -> None:
        with suppress(PlaneUnavailable):  # the first step of the reconciler tells it
            edge.write_first(nobody)

    return begin


def _ports(settings: Settings, plane: DataPlane, options: Options, exposition: Exposition) -> Ports:
    clock = SystemClock()
    keeper = KeeperClient(Path(settings.keeper_socket), container=f"{settings.name_prefix}ringmaster-keeper")
    return Ports(
        runtime=keeper,
        images=keeper,
        plane=plane,
        traffic=plane.traffic if isinstance(plane, FlaskPlane) else HaproxyTraffic(Path(settings.edge_dir)),
        store=FileStore(
            Path(settings.state_dir),
            catalogue=options.catalogue,
            profile=options.fleet.profile,
            release=options.fleet.release,
        ),
        probe=HttpProbe(),
        probes=HttpProbes(timeout=HeartbeatTimeout(), clock=clock),
        clock=clock,
        randomness=SystemRandomness(),
        tokens=TokensFile(Path(settings.tokens_file)) if settings.tokens_file else None,
        listeners=(exposition.kept.heard,),
        durations=exposition.kept,
        edge=HaproxyExporter(Path(settings.edge_dir)) if settings.data_plane == "haproxy" else None,
    )


def service_options(settings: Settings) -> Options:
    catalogue = settings.catalogue()
    return Options(
        fleet=FleetSettings(
            initial=settings.initial_servers,
            profile=catalogue.profile(settings.ring),
            release=settings.release(),
            surge=settings.roll_surge,
            batch=settings.roll_batch,
        ),
        catalogue=catalogue,
        max_servers=settings.max_servers,
        spares=settings.spares,
        reserved=RESERVED,
        heartbeat_interval=settings.heartbeat_interval,
        heartbeat_strikes=settings.heartbeat_strikes,
        hang_timeout=settings.hang_timeout,
        start_grace=settings.start_grace,
        pull_timeout=settings.pull_timeout,
        drain_timeout=settings.drain_timeout,
        change_timeout=_longest_change(settings),
        slow_start=settings.slow_start,
        policy=settings.release_policy(),
        autoscaling=settings.autoscaling(),
        token_sha256=settings.token_sha256,
        protocols=settings.protocols,
    )


def _longest_change(settings: Settings) -> float:
    """The longest time of one change, in seconds. The longest change is a surge of a deploy."""
    batches = math.ceil(settings.roll_surge / settings.roll_batch)
    return settings.start_grace + batches * (settings.drain_timeout + settings.stop_timeout)


def _data_plane(settings: Settings) -> tuple[DataPlane, Forward | None]:
    course_errors = settings.unknown_path == "course"
    if settings.data_plane == "haproxy":
        edge = EdgeOptions(
            directory=Path(settings.edge_dir),
            response_timeout=settings.response_timeout,
            stream_timeout=settings.stream_timeout,
            queue_timeout=settings.queue_timeout,
            server_max_connections=settings.server_max_connections,
            server_keep_alive=settings.server_keep_alive,
            course_errors=course_errors,
            explain=settings.explain,
            access_log=settings.access_log,
            traceparent=settings.traceparent,
            bufsize=settings.bufsize,
            trusted_proxies=settings.trusted_proxies,
            control_prefix=settings.control_prefix,
            public_control=settings.public_control,
            tls=_tls(settings),
            max_connections=settings.max_connections,
            rate_limit=settings.limit(),
        )
        return HaproxyEdge(edge), None
    plane = FlaskPlane()
    forwarding = ForwardingOptions(
        response_timeout=settings.response_timeout,
        stream_timeout=settings.stream_timeout,
        queue_timeout=settings.queue_timeout,
        server_max_connections=settings.server_max_connections,
        server_keep_alive=settings.server_keep_alive,
        trusted_proxies=settings.trusted_proxies,
        course_errors=course_errors,
        explain=settings.explain,
        access_log=settings.access_log,
        traceparent=settings.traceparent,
        bufsize=settings.bufsize,
        draw=lambda: random.choice(REQUEST_IDS),  # noqa: S311 (spreads load, guards nothing)
    )
    return plane, Forwarder(plane, forwarding)


def _tls(settings: Settings) -> Tls | None:
    if not settings.tls:
        return None
    return Tls(
        port=settings.tls_port,
        redirect=settings.tls_redirect,
        client_ca=settings.tls_client_ca,
        control=settings.tls_control,
    )
