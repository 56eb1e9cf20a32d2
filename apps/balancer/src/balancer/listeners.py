"""The addresses where the balancer listens. The health check imports this module, so it imports nothing large."""

from __future__ import annotations

CONTROL_PORT = 5001
PUBLIC_PORT = 5000

PUBLIC_SOCKET = "balancer.sock"
CONTROL_SOCKET = "control.sock"
EDGE_SOCKETS = (PUBLIC_SOCKET, CONTROL_SOCKET)
"""The sockets that the edge connects to, in the folder that it shares with the balancer."""

HEALTH_SOCKET = "/tmp/health.sock"  # noqa: S108 (the container's own memory file system)
"""Where the container's own health check asks."""


def binds(*, data_plane: str, edge_dir: str) -> list[str]:
    """gunicorn's addresses. Behind the edge the balancer listens on no network port."""
    if data_plane == "flask":
        sides = [f"0.0.0.0:{PUBLIC_PORT}", f"0.0.0.0:{CONTROL_PORT}"]
    else:
        sides = [f"unix:{edge_dir}/{name}" for name in EDGE_SOCKETS]
    return [*sides, f"unix:{HEALTH_SOCKET}"]
