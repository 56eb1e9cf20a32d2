"""The keeper's process: little is loaded, and nothing of it parses HTTP requests or belongs to users."""

from __future__ import annotations

import os
import subprocess
import sys

LOADED = "import sys, keeper.__main__; print(*sorted(sys.modules))"
FOREIGN = {"flask", "werkzeug", "jinja2", "gunicorn", "h2", "asyncio", "balancer.bootstrap", "balancer.worker"}


def test_the_keeper_loads_no_web_server_no_service_and_no_plug_in() -> None:
    run = subprocess.run(
        [sys.executable, "-c", LOADED],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(run.stdout.split())
    assert {"docker", "keeper.server", "balancer.adapters.docker_engine"} <= loaded
    assert not loaded & FOREIGN
    assert not [
        name for name in loaded if name.startswith(("balancer.http", "balancer.service", "balancer.adapters.haproxy"))
    ]
