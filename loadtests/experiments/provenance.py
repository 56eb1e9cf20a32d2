"""Everything that is needed to repeat an experiment: versions, settings, commit, machine. No secrets."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.containers import run_in
from tests.system import System

PROJECT = Path(__file__).parents[2]
_SECRETS = ("token", "token_sha256", "server_environment")


def provenance(system: System, options: Mapping[str, Any]) -> dict[str, Any]:
    """`options` are the experiment's. It has no seed: for a request without a key the data plane draws one."""
    engine = system.containers.engine.version()
    settings = asdict(system.settings)
    return {
        "command": shlex.join(["python", *sys.argv]),
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "versions": {
            "python": platform.python_version(),
            "locust": version("locust"),
            "engine": engine["Version"],
            **_edge_version(system),
        },
        "machine": machine(),
        "settings": {name: value for name, value in settings.items() if name not in _SECRETS},
        "options": dict(options),
    }


def commit() -> str:
    """The checked-out commit, marked where files differ from it; empty outside a checkout."""
    described = subprocess.run(
        ["git", "describe", "--always", "--abbrev=40", "--dirty"],  # noqa: S607
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip()


def machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    processor = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {"cores": os.cpu_count(), "processor": processor, "kernel": platform.release()}


def _edge_version(system: System) -> dict[str, str]:
    """HAProxy's version, where there is an edge."""
    if not system.containers.of("edge"):
        return {}
    return {"haproxy": run_in(system.containers.edge, "haproxy", "-v").split()[2]}
