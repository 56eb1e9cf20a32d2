"""Builds the application: it connects adapters, services and HTTP. It starts no thread and opens no socket or file."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]

from balancer.adapters.container_spec import ServerSpec
from balancer.adapters.docker_engine import DockerEngine
from balancer.adapters.docker_images import DockerImages
from balancer.adapters.file_store import FileStore
from balancer.adapters.flask_plane.forwarder import Forwarder, ForwardingOptions
from balancer.adapters.flask_plane.plane import FlaskPlane
from balancer.adapters.haproxy.config import EdgeOptions
from balancer.adapters.haproxy.edge import HaproxyEdge
from balancer.adapters.haproxy.tls import Tls
from balancer.adapters.http_probe import HttpProbe, HttpProbes
from balancer.adapters.registry_config import RegistryConfig
from balancer.adapters.system import SystemClock, SystemRandomness
from balancer.core.errors import InvalidRequest, PlaneUnavailable
from balancer.core.fleet import Fleet
from balancer.core.fleet_settings import FleetSettings
from balancer.core.heartbeat_timeout import HeartbeatTimeout
from balancer.core.request_hash import REQUEST_IDS
from balancer.core.routes import routes
from balancer.core.trusted_proxies import TrustedProxies
from balancer.http.answer import broken_body
from balancer.http.control import create_control_app
from balancer.http.event_stream import STOPPING
from balancer.http.public import Forward, create_public_app
from balancer.http.readiness import create_readiness_app
from balancer.listeners import CONTROL_PORT, CONTROL_SOCKET, EDGE_SOCKETS, HEALTH_SOCKET, PUBLIC_PORT, PUBLIC_SOCKET
from balancer.ports.data_plane import DataPlane
from balancer.service.loops import Loops
from balancer.service.services import Options, Ports, Services
from balancer.settings import PREFIX, InvalidSetting, Settings, read

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


CLIENT = "ringmaster.client"
"""Key in the WSGI environment of the client's IP address. The edge tells it; nobody else can over its sockets."""


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
    ) -> None:
        self._listening = listening
        self._proxies = proxies
        self._loops = loops
        self._begin = begin
        self._stopping: Callable[[], bool] = lambda: False
        self.stop: Callable[[], None] = loops.stop

    def start(self, *, stopping: Callable[[], bool]) -> None:
        """Starts the loops. `stopping` returns whether the web server waits for open answers to end. An event stream
        asks it, because it has no end of its own."""
        self._stopping = stopping
        self._begin()
        self._loops.start()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[STOPPING] = self._stopping
        came_in_on: tuple[str, int] | str = environ["gunicorn.socket"].getsockname()
        if isinstance(came_in_on, tuple):
            listener: str | int = came_in_on[1]
            forwarded_for = environ.get("HTTP_X_FORWARDED_FOR", "")
            environ[CLIENT] = self._proxies.client(environ.get("REMOTE_ADDR", ""), forwarded_for)
        else:
            listener = came_in_on.rpartition("/")[2]
            environ[CLIENT] = environ.get("HTTP_X_RINGMASTER_CLIENT", "") if listener in EDGE_SOCKETS else ""
        return self._listening[listener](environ, start_response)


def create_app() -> Application:
    """The application for this process's environment. gunicorn calls it."""
    return build(read(os.environ))


def build(settings: Settings) -> Application:
    plane, forward = _data_plane(settings)
    options = service_options(settings)
    services = Services(_ports(settings, plane, options), options)
    public = create_public_app(
        services.fleet,
        token_sha256=settings.token_sha256,
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
        token_sha256=settings.token_sha256,
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
        begin=_first_files(plane, options) if isinstance(plane, HaproxyEdge) else lambda: None,
    )


def _first_files(edge: HaproxyEdge, options: Options) -> Callable[[], None]:
    """Before a fleet is there, the edge starts with an empty one: the control port is behind it."""
    nobody = routes(Fleet.empty(options.fleet.profile))

    def begin() -> None:
        with suppress(PlaneUnavailable):  # the first step of the reconciler tells it
            edge.write_first(nobody)

    return begin


def _ports(settings: Settings, plane: DataPlane, options: Options) -> Ports:
    clock = SystemClock()
    return Ports(
        runtime=DockerEngine(_server_spec(settings)),
        images=DockerImages(_registry_config(settings)),
        plane=plane,
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
    )


def _registry_config(settings: Settings) -> RegistryConfig:
    """Raises InvalidSetting where the file cannot be used now."""
    config = RegistryConfig(Path(settings.registry_config) if settings.registry_config else None)
    try:
        config.check()
    except InvalidRequest as error:
        raise InvalidSetting(f"{PREFIX}REGISTRY_CONFIG: {error}") from None
    return config


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
        reserved=("ringmaster-edge", "ringmaster-balancer"),
        heartbeat_interval=settings.heartbeat_interval,
        heartbeat_strikes=settings.heartbeat_strikes,
        hang_timeout=settings.hang_timeout,
        start_grace=settings.start_grace,
        pull_timeout=settings.pull_timeout,
        drain_timeout=settings.drain_timeout,
        change_timeout=_longest_change(settings),
        slow_start=settings.slow_start,
        autoscaling=settings.autoscaling(),
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
            bufsize=settings.bufsize,
            trusted_proxies=settings.trusted_proxies,
            control_prefix=settings.control_prefix,
            public_control=settings.public_control,
            tls=_tls(settings),
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


def _server_spec(settings: Settings) -> ServerSpec:
    return ServerSpec(
        deployment=settings.deployment,
        name_prefix=settings.name_prefix,
        network=settings.network,
        port=settings.server_port,
    )
