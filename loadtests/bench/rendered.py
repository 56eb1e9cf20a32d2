"""The edge's configuration for the fleet of the benchmark, with its usual settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from balancer.adapters.haproxy.config import EdgeOptions, edge_files
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.adapters.haproxy.tls import Tls
from balancer.core.key_source import KeySource
from balancer.core.routes import Backend, Routes
from balancer.settings import read

NAMES = ("S1", "S2", "S3")
SLOTS = 512


def rendered(
    *,
    bufsize: int,
    key: str = "header:X-User",
    bound: Fraction | None = None,
    tls: Tls | None = None,
    addresses: Sequence[str] = tuple(f"{name}:5000" for name in NAMES),
) -> EdgeFiles:
    routes = Routes(
        tuple(NAMES[slot % len(NAMES)] for slot in range(SLOTS)),
        tuple(Backend(name, address) for name, address in zip(NAMES, addresses, strict=True)),
        key=KeySource.parse(key),
    )
    return edge_files(replace(_usual(bufsize), tls=tls), replace(routes, bound=bound))


def _usual(bufsize: int) -> EdgeOptions:
    usual = read({})
    return EdgeOptions(
        directory=Path(usual.edge_dir),
        response_timeout=usual.response_timeout,
        stream_timeout=usual.stream_timeout,
        queue_timeout=usual.queue_timeout,
        server_max_connections=usual.server_max_connections,
        server_keep_alive=usual.server_keep_alive,
        trusted_proxies=usual.trusted_proxies,
        control_prefix=usual.control_prefix,
        public_control=usual.public_control,
        course_errors=usual.unknown_path == "course",
        explain=usual.explain,
        access_log=usual.access_log,
        traceparent=usual.traceparent,
        bufsize=bufsize,
    )
