"""One headless run of locust against a stage, and what it counted."""

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


@dataclass(frozen=True, slots=True)
class Counted:
    """`requests` were sent, `failures` of them failed; `servers`: name → answers; `seconds`: for each second since 1970
    its answers by server and its failures; `latency` in milliseconds."""

    requests: int
    failures: int
    servers: Mapping[str, int]
    seconds: tuple[Mapping[str, Any], ...]
    latency: Mapping[str, float]
    duration: float

    @staticmethod
    def of(document: Mapping[str, Any]) -> Counted:
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

    def __init__(self, process: subprocess.Popen[str], counts: Path) -> None:
        self._process = process
        self._counts = counts

    def is_running(self) -> bool:
        return self._process.poll() is None

    def counted(self) -> Counted:
        """Waits for its end. Raises CannotMeasure where locust gave up, with its last words."""
        _, words = self._process.communicate()
        if not self._counts.exists():
            raise CannotMeasure(f"locust ended with code {self._process.returncode}:\n{words.strip()[-2000:]}")
        return Counted.of(json.loads(self._counts.read_text()))

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
def swarm(system: System, *, users: int, requests: int | None = None) -> Iterator[Swarm]:
    """Plain traffic of so many users at once. Locust gets no Ctrl-C: that is for the experiment, which ends it."""
    with tempfile.TemporaryDirectory(prefix="ringmaster-swarm-") as folder:
        counts = Path(folder) / "servers.json"
        command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--only-summary"]
        command += ["--host", system.url, "--control-url", system.control_url, "--servers-file", str(counts)]
        command += ["-u", str(users), "-r", str(users), *(["--requests", str(requests)] if requests else [])]
        process = subprocess.Popen(  # noqa: S603 (our own words)
            [*command, "PlainUser"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "RINGMASTER_TOKEN": system.token},
        )
        running = Swarm(process, counts)
        try:
            yield running
        finally:
            running.close()
