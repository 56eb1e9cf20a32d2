"""The data plane of the settings: HAProxy's edge or Flask, with whatever else asks it."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from balancer.adapters.flask_plane.forwarder import Forwarder, ForwardingOptions
from balancer.adapters.flask_plane.plane import FlaskPlane
from balancer.adapters.haproxy.config import EdgeOptions
from balancer.adapters.haproxy.edge import HaproxyEdge
from balancer.adapters.haproxy.exporter import HaproxyExporter
from balancer.adapters.haproxy.tls import Tls
from balancer.adapters.haproxy.traffic import HaproxyTraffic
from balancer.core.errors import PlaneUnavailable
from balancer.core.fleet import Fleet
from balancer.core.request_hash import REQUEST_IDS
from balancer.core.ring_profile import RingProfile
from balancer.core.routes import routes
from balancer.http.public import Forward
from balancer.ports.data_plane import DataPlane
from balancer.ports.edge_metrics import EdgeMetrics
from balancer.ports.edges import Edges
from balancer.ports.traffic import Traffic
from balancer.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """`edge`: the edge's own metrics; None in the data plane flask. `forward` answers the requests for servers; None
    behind an edge, which sends no such request here. `edges`: None on one host. `begin` is called once before the first
    change, `end` when the balancer stops."""

    plane: DataPlane
    traffic: Traffic
    edge: EdgeMetrics | None = None
    forward: Forward | None = None
    edges: Edges | None = None
    begin: Callable[[], object] = lambda: None
    end: Callable[[], None] = lambda: None


def wired(settings: Settings, profile: RingProfile) -> Wired:
    """`profile`: the one of an empty fleet."""
    if settings.data_plane == "flask":
        return _flask(settings)
    return _many_edges(settings) if settings.runtime == "swarm" else _haproxy(settings, profile)


def _many_edges(settings: Settings) -> Wired:
    """One host does not load the hub, nor what it is made of."""
    from balancer.adapters.edges.hub import EdgeHub  # noqa: PLC0415
    from balancer.adapters.edges.many_edges import ManyEdges  # noqa: PLC0415

    hub = EdgeHub(
        settings.edge_port,
        certificates=Path(settings.edge_certificates),
        lease=settings.edge_lease,
        sockets=Path(settings.edge_dir),
    )
    edges = ManyEdges(hub, edge_options(settings))
    return Wired(plane=edges, traffic=edges, edge=edges, edges=edges, begin=hub.start, end=hub.stop)


def _haproxy(settings: Settings, profile: RingProfile) -> Wired:
    directory = Path(settings.edge_dir)
    edge = HaproxyEdge(edge_options(settings))
    return Wired(
        plane=edge,
        traffic=HaproxyTraffic(directory),
        edge=HaproxyExporter(directory),
        begin=_first_files(edge, profile),
    )


def edge_options(settings: Settings) -> EdgeOptions:
    return EdgeOptions(
        directory=Path(settings.edge_dir),
        response_timeout=settings.response_timeout,
        stream_timeout=settings.stream_timeout,
        queue_timeout=settings.queue_timeout,
        server_max_connections=settings.server_max_connections,
        server_keep_alive=settings.server_keep_alive,
        course_errors=settings.unknown_path == "course",
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


def _first_files(edge: HaproxyEdge, profile: RingProfile) -> Callable[[], None]:
    """Before a fleet is there, the edge starts with an empty one: the control port is behind it."""
    nobody = routes(Fleet.empty(profile))

    def begin() -> None:
        with suppress(PlaneUnavailable):  # the first step of the reconciler tells it
            edge.write_first(nobody)

    return begin


def _tls(settings: Settings) -> Tls | None:
    if not settings.tls:
        return None
    return Tls(
        port=settings.tls_port,
        redirect=settings.tls_redirect,
        client_ca=settings.tls_client_ca,
        control=settings.tls_control,
    )


def _flask(settings: Settings) -> Wired:
    plane = FlaskPlane()
    forwarding = ForwardingOptions(
        response_timeout=settings.response_timeout,
        stream_timeout=settings.stream_timeout,
        queue_timeout=settings.queue_timeout,
        server_max_connections=settings.server_max_connections,
        server_keep_alive=settings.server_keep_alive,
        trusted_proxies=settings.trusted_proxies,
        course_errors=settings.unknown_path == "course",
        explain=settings.explain,
        access_log=settings.access_log,
        traceparent=settings.traceparent,
        bufsize=settings.bufsize,
        draw=lambda: random.choice(REQUEST_IDS),  # noqa: S311 (spreads load, guards nothing)
    )
    return Wired(plane=plane, traffic=plane.traffic, forward=Forwarder(plane, forwarding))
