"""A restart of the Docker engine itself. It stops every container of this machine, others' too: only on demand."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from docker.errors import DockerException

from loadtests.chaos.deed import Deed, Kind, Scene
from loadtests.chaos.faults import edge_returned
from tests.containers import started
from tests.polling import until

_SYSTEMD = Path("/run/systemd/system")
_PID = Path("/var/run/docker.pid")
_WITHIN = 120.0


def restart_engine(scene: Scene) -> Deed:
    run = started(scene.system.containers.edge)
    began = time.monotonic()
    _restart()
    until(lambda: _answers(scene), "the engine answers", within=_WITHIN)
    return Deed(began, "restarted", takes_edge=True, job=scene.jobs.submit(edge_returned, scene, run))


ENGINE_FAULT = Kind("engine restart", 1, restart_engine, alone=True)


def _restart() -> None:
    """By systemd where that runs; otherwise the same command again, its output where it went before."""
    if _SYSTEMD.is_dir():
        subprocess.run(["systemctl", "restart", "docker"], check=True)  # noqa: S607 (where it is differs)
        return
    process = Path("/proc", _PID.read_text().strip())
    command = [os.fsdecode(word) for word in (process / "cmdline").read_bytes().split(b"\0")[:-1]]
    output = (process / "fd" / "1").readlink()
    os.kill(int(process.name), signal.SIGTERM)
    until(lambda: not process.exists(), "the engine has ended", within=_WITHIN)
    with output.open("ab") as log:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)  # noqa: S603


def _answers(scene: Scene) -> bool:
    try:
        return bool(scene.system.containers.engine.ping())
    except (DockerException, OSError):
        return False
