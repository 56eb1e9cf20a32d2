"""The addresses where the balancer listens. The health check imports this module, so it imports nothing large."""

from __future__ import annotations

CONTROL_PORT = 5001
PUBLIC_PORT = 5000


def binds(*, data_plane: str, edge_dir: str) -> list[str]:
    """gunicorn's addresses: the control port, and the public side. The edge reaches the public side over a unix
    socket."""
    public = f"0.0.0.0:{PUBLIC_PORT}" if data_plane == "flask" else f"unix:{edge_dir}/balancer.sock"
    return [f"0.0.0.0:{CONTROL_PORT}", public]
