"""Where gunicorn listens, in each data plane."""

from __future__ import annotations

import pytest

from balancer.listeners import binds


@pytest.mark.parametrize(
    ("data_plane", "public"), [("haproxy", "unix:/run/edge/balancer.sock"), ("flask", "0.0.0.0:5000")]
)
def test_gunicorn_listens_for_the_control_port_and_the_public_side(data_plane: str, public: str) -> None:
    assert binds(data_plane=data_plane, edge_dir="/run/edge") == ["0.0.0.0:5001", public]
