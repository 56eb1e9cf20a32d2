"""How long does a deployment not answer when the Docker engine restarts? Stops every container on this machine.

Without --url a deployment of its own is made and taken away again; with --url the running one is measured. What else
runs on the engine goes down as well, and comes back only where its restart policy says so: hence --yes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

import docker  # noqa: E402 (the search path comes first)
from docker.models.containers import Container  # noqa: E402

from loadtests.fleet.steady import SteadyLoad  # noqa: E402
from loadtests.running import CannotMeasure, running  # noqa: E402
from tests.deployment import Deployment  # noqa: E402
from tests.polling import until  # noqa: E402
from tests.system import System  # noqa: E402

PID_FILE = Path("/var/run/docker.pid")
SYSTEMD = Path("/run/systemd/system")
RATE, CONNECTIONS = 20, 4
WITHIN = 180.0
"""Seconds that everything may take."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """How the engine was started where no systemd does it, so that it can be started in the same way."""

    pid: int
    command: list[str]
    environment: dict[str, str]
    log: Path

    @classmethod
    def running(cls, pid_file: Path) -> Daemon:
        """Raises CannotMeasure."""
        try:
            pid = int(pid_file.read_text())
            process = Path(f"/proc/{pid}")
            variables = process.joinpath("environ").read_text().split("\0")
            log = (process / "fd" / "1").readlink()
        except (OSError, ValueError) as error:
            raise CannotMeasure(f"the engine's process cannot be looked at ({error}); run this as root") from error
        return cls(
            pid,
            command=process.joinpath("cmdline").read_text().rstrip("\0").split("\0"),
            environment=dict(variable.split("=", 1) for variable in variables if "=" in variable),
            log=log if log.is_file() else Path(os.devnull),
        )

    def stop(self) -> None:
        os.kill(self.pid, 15)
        until(lambda: not Path(f"/proc/{self.pid}").exists(), "the engine has stopped", within=60)

    def start(self) -> None:
        with self.log.open("ab") as log:
            subprocess.Popen(  # noqa: S603 (the command that runs already)
                self.command,
                env=self.environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def restart(pid_file: Path | None) -> None:
    if pid_file is None and SYSTEMD.is_dir():
        subprocess.run(["systemctl", "restart", "docker"], check=True)  # noqa: S607 (wherever the host has it)
    else:
        daemon = Daemon.running(pid_file or PID_FILE)
        daemon.stop()
        daemon.start()


def engine_answers() -> bool:
    try:
        engine = docker.from_env()
        try:
            return bool(engine.ping())
        finally:
            engine.close()
    except (docker.errors.DockerException, OSError):
        return False


def is_whole(system: System, n: int) -> bool:
    """Whether N servers serve, and none that died with the engine is left beside them."""
    if not system.is_ready or len(system.replicas) != n:
        return False
    servers = {hostname: server for hostname, server in system.containers.servers.items() if not _is_spare(server)}
    return set(servers) == set(system.replicas)


def _is_spare(server: Container) -> bool:
    return str(server.name).endswith(".spare")


def measure(system: System, pid_file: Path | None) -> None:
    """Prints what a restart cost. Raises CannotMeasure; AssertionError where the fleet does not come back."""
    before = system.standing
    print(f"{system.deployment}: {before.target} servers; {RATE} requests a second; restarting the engine", flush=True)
    with SteadyLoad(system.url, path="/home", rate=RATE, connections=CONNECTIONS) as load:
        time.sleep(2)
        began = time.monotonic()
        restart(pid_file)
        until(engine_answers, "the engine answers", within=WITHIN)
        engine = time.monotonic() - began
        until(lambda: is_whole(system, before.target), f"{before.target} servers serve again", within=WITHIN)
        whole = time.monotonic() - began
        time.sleep(2)
    requests = load.between(began, float("inf"))
    failed = [request for request in requests if request.has_failed]
    if not failed:
        raise CannotMeasure("no request failed: the engine did not restart, or kept its containers (live-restore)")
    served = [request.ended for request in requests if not request.has_failed and request.began > failed[0].began]
    kept = set(before.replicas) & set(system.replicas)
    print(f"engine answers after    {engine:6.1f} s")
    print(f"/home answers after     {min(served) - began:6.1f} s")
    print(f"all {before.target} servers after     {whole:6.1f} s ({len(kept)} of the old names)")
    print(f"last failed request at  {max(request.ended for request in failed) - began:6.1f} s")
    print(f"requests: {len(requests)}, failed: {len(failed)}, not before {failed[0].began - began:.1f} s")


@contextmanager
def the_system(arguments: argparse.Namespace) -> Iterator[System]:
    if arguments.url:
        yield running(arguments.url, arguments.control_url)
    else:
        with Deployment(data_plane=arguments.plane) as deployment:
            yield deployment


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", help="measure the deployment that runs here, such as http://127.0.0.1:5000")
    parser.add_argument("--control-url", default="http://127.0.0.1:5001", help="its control port (%(default)s)")
    parser.add_argument("--plane", default="haproxy", help="the data plane of a deployment of its own (%(default)s)")
    parser.add_argument("--pid-file", type=Path, help=f"of the engine that DOCKER_HOST names ({PID_FILE})")
    parser.add_argument("--yes", action="store_true", help="stop every container on this machine's engine")
    arguments = parser.parse_args()
    if not arguments.yes:
        print(
            "This restarts the Docker engine, and every container on it with it. Say --yes if it may.", file=sys.stderr
        )
        return 2
    try:
        with the_system(arguments) as system:
            measure(system, arguments.pid_file)
    except CannotMeasure as error:
        print(f"engine_restart: {error}", file=sys.stderr)
        return 2
    except AssertionError as error:
        print(f"engine_restart: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
