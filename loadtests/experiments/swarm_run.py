"""One headless run of locust against a deployment, and what it counted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.running import CannotMeasure
from tests.system import System

LOCUSTFILE = Path(__file__).parents[1] / "locustfile.py"
_ENDS_WITHIN = 30
"""Seconds from being asked to end until locust has written what it counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What locust sends: exactly so many `requests` as fast as `users` can, or so many a second until it is ended."""

    path: str = "/home"
    requests: int = 0
    rate: float = 0.0
    users: int = 8

    @property
    def words(self) -> list[str]:
        """For locust's command line."""
        words = ["-u", str(self.users), "-r", str(self.users), "--path", self.path]
        if self.rate:
            return [*words, "--rate", str(self.rate / self.users), "ConstantThroughputUser"]
        return [*words, "--requests", str(self.requests), "PlainUser"]


@dataclass(frozen=True, slots=True)
class Counted:
    """`requests` were sent, `failures` of them failed; `servers`: name → answers; `seconds`: for each second since 1970
    its answers by server and its failures; `latency` in milliseconds; `duration` in seconds."""

    requests: int
    failures: int
    servers: Mapping[str, int]
    seconds: tuple[Mapping[str, Any], ...]
    latency: Mapping[str, float]
    duration: float


def counted(code: int, text: str | None, said: str) -> Counted:
    """What locust wrote, None where nothing, when it ended with this code. Raises CannotMeasure with its last words
    where that is not how a run ends that counted everything."""
    document = json.loads(text) if text else None
    if document is None or code != (1 if document["failures"] else 0):
        raise CannotMeasure(f"locust ended with code {code}:\n{said.strip()[-2000:]}")
    return Counted(
        requests=document["requests"],
        failures=document["failures"],
        servers=document["servers"],
        seconds=tuple(document["seconds"]),
        latency=document["latency_ms"],
        duration=document["ended"] - document["started"],
    )


class Swarm:
    """A run that goes on in the background, until it has sent its requests or is told to end."""

    def __init__(self, process: subprocess.Popen[str], file: Path) -> None:
        self._process = process
        self._file = file

    def is_running(self) -> bool:
        return self._process.poll() is None

    def counted(self) -> Counted:
        """Waits for its end."""
        _, said = self._process.communicate()
        return counted(self._process.returncode, self._file.read_text() if self._file.exists() else None, said)

    def end(self) -> Counted:
        self._process.send_signal(signal.SIGTERM)
        return self.counted()

    def close(self) -> None:
        if self.is_running():
            self._process.terminate()
            try:
                self._process.communicate(timeout=_ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.communicate()


@contextmanager
def swarm(system: System, load: Load) -> Iterator[Swarm]:
    """Locust gets no Ctrl-C: that is for the experiment, which ends it."""
    with tempfile.TemporaryDirectory(prefix="ringmaster-swarm-") as folder:
        file = Path(folder) / "servers.json"
        command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--only-summary"]
        command += ["--host", system.url, "--control-url", system.control_url, "--servers-file", str(file), *load.words]
        process = subprocess.Popen(  # noqa: S603 (our own words)
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "RINGMASTER_TOKEN": system.token},
        )
        running = Swarm(process, file)
        try:
            yield running
        finally:
            running.close()
