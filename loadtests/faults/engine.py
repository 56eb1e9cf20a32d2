"""A restart of the Docker engine itself. It stops every container of this machine, others' too: only on demand."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import DockerException

from loadtests.running import CannotMeasure
from tests.polling import until

PID_FILE = Path("/var/run/docker.pid")
_SYSTEMD = Path("/run/systemd/system")
_WITHIN = 120.0


@dataclass(frozen=True, slots=True)
class _Daemon:
    """How the engine was started where no systemd does it, so that it can be started in the same way."""

    pid: int
    command: list[str]
    environment: dict[str, str]
    log: Path

    @classmethod
    def running(cls, pid_file: Path) -> _Daemon:
        """Raises CannotMeasure."""
        try:
            process = Path("/proc", str(int(pid_file.read_text())))
            variables = (process / "environ").read_text().split("\0")
            log = (process / "fd" / "1").readlink()
            command = (process / "cmdline").read_text().rstrip("\0").split("\0")
        except (OSError, ValueError) as error:
            raise CannotMeasure(f"the engine's process cannot be looked at ({error}); run this as root") from error
        environment = dict(variable.split("=", 1) for variable in variables if "=" in variable)
        return cls(int(process.name), command, environment, log if log.is_file() else Path(os.devnull))


def restart(pid_file: Path | None = None) -> None:
    """By systemd where that runs; otherwise the same command again, its output where it went before."""
    if pid_file is None and _SYSTEMD.is_dir():
        subprocess.run(["systemctl", "restart", "docker"], check=True)  # noqa: S607 (where it is differs)
        return
    daemon = _Daemon.running(pid_file or PID_FILE)
    os.kill(daemon.pid, signal.SIGTERM)
    until(lambda: not Path("/proc", str(daemon.pid)).exists(), "the engine has ended", within=_WITHIN)
    with daemon.log.open("ab") as log:
        subprocess.Popen(  # noqa: S603 (the command that ran before)
            daemon.command,
            env=daemon.environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_until_it_answers() -> None:
    until(_answers, "the engine answers", within=_WITHIN)


def _answers() -> bool:
    try:
        engine = docker.from_env()
        try:
            return bool(engine.ping())
        finally:
            engine.close()
    except (DockerException, OSError):
        return False
