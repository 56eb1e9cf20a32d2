"""Builds the application: it connects adapters, services and HTTP. It starts no thread and opens no socket or file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]

from balancer import VERSION
from balancer.adapters.attached_networks import AttachedNetworks
from balancer.adapters.file_store import FileStore
from balancer.adapters.http_probe import HttpProbe, HttpProbes
from balancer.adapters.keeper_client import KeeperClient
from balancer.adapters.prometheus.exposition import Exposition
from balancer.adapters.revision_store import RevisionStore
from balancer.adapters.system import SystemClock, SystemRandomness
from balancer.adapters.tokens_file import TokensFile
from balancer.application import Application
from balancer.bootstrap.options import service_options
from balancer.bootstrap.planes import Wired, wired
from balancer.core.heartbeat_timeout import HeartbeatTimeout
from balancer.core.trusted_proxies import TrustedProxies
from balancer.http.answer import broken_body
from balancer.http.audit import Audit
from balancer.http.control import create_control_app
from balancer.http.gate import Gate
from balancer.http.guard import Guard
from balancer.http.metrics import Metrics
from balancer.http.public import create_public_app
from balancer.http.readiness import create_readiness_app
from balancer.listeners import CONTROL_PORT, CONTROL_SOCKET, HEALTH_SOCKET, PUBLIC_PORT, PUBLIC_SOCKET
from balancer.service.services import Options, Ports, Services
from balancer.settings import Settings, read

if TYPE_CHECKING:
    from balancer.adapters.spans import Spans


def create_app() -> Application:
    """The application for this process's environment. gunicorn calls it."""
    return build(read(os.environ))


def build(settings: Settings) -> Application:
    options = service_options(settings)
    plane = wired(settings, options.fleet.profile)
    exposition = Exposition(SystemClock())
    spans = _spans(settings)
    services = Services(_ports(settings, plane, options, exposition, spans), options)
    exposition.read_from(services.status_report.status, version=VERSION, data_plane=settings.data_plane)
    gate = Gate(
        guard=Guard(attached=AttachedNetworks(), hosts=settings.control_hosts),
        tokens=services.tokens,
        audit=Audit(services.events),
    )
    public = create_public_app(
        services.fleet,
        gate=gate,
        forward=plane.forward,
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
        edges=services.edge_watch,
        gate=gate,
        metrics=Metrics(balancer=exposition.text, edge=plane.edge.exposition if plane.edge else None),
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
        begin=_in_turn(plane.begin, *(each.start for each in spans)),
        end=_in_turn(plane.end, *(each.stop for each in spans)),
    )


def _in_turn(*steps: Callable[[], object]) -> Callable[[], None]:
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


def _ports(settings: Settings, plane: Wired, options: Options, exposition: Exposition, spans: list[Spans]) -> Ports:
    clock = SystemClock()
    has_one_host = settings.runtime == "engine"
    keeper = KeeperClient(
        Path(settings.keeper_socket), name=f"{settings.name_prefix}ringmaster-keeper", is_service=not has_one_host
    )
    return Ports(
        runtime=keeper,
        local=keeper if has_one_host else None,
        images=keeper,
        plane=plane.plane,
        traffic=plane.traffic,
        store=_file_store(settings, options) if has_one_host else _revision_store(keeper, options),
        probe=HttpProbe(),
        probes=HttpProbes(timeout=HeartbeatTimeout(), clock=clock),
        clock=clock,
        randomness=SystemRandomness(),
        tokens=TokensFile(Path(settings.tokens_file)) if settings.tokens_file else None,
        listeners=(exposition.kept.heard, *spans),
        durations=exposition.kept,
        edge=plane.edge,
        edges=plane.edges,
        on_loss=plane.end,
    )


def _file_store(settings: Settings, options: Options) -> FileStore:
    return FileStore(
        Path(settings.state_dir),
        catalogue=options.catalogue,
        profile=options.fleet.profile,
        release=options.fleet.release,
    )


def _revision_store(keeper: KeeperClient, options: Options) -> RevisionStore:
    return RevisionStore(
        keeper, catalogue=options.catalogue, profile=options.fleet.profile, release=options.fleet.release
    )
