"""The keeper's process: little is loaded, and nothing of it parses HTTP requests or belongs to users."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.polling import until

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


@pytest.mark.parametrize("moment", [0.05 * number for number in range(8)])
def test_the_keeper_ends_at_sigterm_in_the_middle_of_calls(tmp_path: Path, moment: float) -> None:
    """`moment`: seconds after the first call. An interpreter that tidies up after threads in a call hung in one of
    fifteen runs."""
    path = tmp_path / "keeper.sock"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "RINGMASTER_KEEPER_SOCKET": str(path),
        "DOCKER_HOST": f"unix://{tmp_path}/no-engine.sock",
    }

    def call() -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(10)
            caller.connect(str(path))
            caller.sendall(b'{"verb": "observe"}\n')
            while caller.recv(4096):
                pass

    def call_on(process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            call()

    with (
        subprocess.Popen([sys.executable, "-m", "keeper"], env=environment, stderr=subprocess.PIPE) as process,
        ThreadPoolExecutor() as callers,
    ):
        until(path.exists, "the keeper listens", within=30)
        for _ in range(2):
            callers.submit(call_on, process)
        try:
            time.sleep(moment)
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0, log.decode()
    assert b"Traceback" not in log, log.decode()
