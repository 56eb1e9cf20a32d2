"""The options of an edge as tests have them, where nothing else is said."""

from __future__ import annotations

from pathlib import Path

from balancer.adapters.haproxy.config import EdgeOptions

OPTIONS = EdgeOptions(
    directory=Path("/run/ringmaster"),
    stream_timeout=3600,
    queue_timeout=10,
    server_max_connections=0,
    server_keep_alive=True,
    trusted_proxies=(),
    control_prefix="",
    public_control=True,
    response_timeout=20,
    course_errors=False,
    explain=True,
    access_log="errors",
    traceparent="make",
    bufsize=8192,
)
