"""A real keeper: a process of its own, which holds the engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from balancer.adapters.keeper_client import KeeperClient
from tests.deployment import PROJECT, SOCKET
from tests.polling import until

EVERY_IMAGE = {"images": ["*"]}


class KeeperProcess:
    """`folder`: for its socket and its log. `engine`: the engine's socket. `settings`: beside the policy, without
    RINGMASTER_."""

    def __init__(self, folder: Path, *, engine: Path = SOCKET, policy: dict[str, Any] | None = None, **settings: str):
        self.socket = folder / "keeper.sock"
        self.client = KeeperClient(self.socket, name="ringmaster-keeper")
        self._log = folder / "keeper.log"
        told = {"policy": json.dumps(policy or {}), "keeper_socket": str(self.socket), **settings}
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RINGMASTER_")},
            **{f"RINGMASTER_{name.upper()}": value for name, value in told.items()},
            "PYTHONPATH": str(PROJECT / "apps" / "balancer" / "src"),
            "DOCKER_HOST": f"unix://{engine}",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "keeper"], env=self._environment, stderr=log)
        until(lambda: '"ready"' in self.log or self.process.poll() is not None, "the keeper listens", within=20)
        assert self.process.poll() is None, self.log
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process is not None
        with self.process as process:
            process.terminate()
            try:
                assert process.wait(timeout=60) == 0, self.log
            finally:
                process.kill()
        if error is not None:
            sys.stderr.write(self.log)

    @property
    def log(self) -> str:
        return self._log.read_text()
