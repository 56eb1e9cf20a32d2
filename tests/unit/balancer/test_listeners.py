"""Where gunicorn listens, in each data plane."""

from __future__ import annotations

import pytest

from balancer.listeners import binds


@pytest.mark.parametrize(
    ("data_plane", "sides"),
    [
        ("haproxy", ["unix:/run/edge/balancer.sock", "unix:/run/edge/control.sock"]),
        ("flask", ["0.0.0.0:5000", "0.0.0.0:5001"]),
    ],
)
def test_gunicorn_listens_for_both_sides_and_the_health_check(data_plane: str, sides: list[str]) -> None:
    """Behind the edge there is no network port."""
    assert binds(data_plane=data_plane, edge_dir="/run/edge") == [*sides, "unix:/tmp/health.sock"]
