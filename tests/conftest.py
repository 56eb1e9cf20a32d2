"""For all tests: marks for the real parts that a test needs, and the deployment's logs in the report of a failure."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from tests.deployment import base_image
from tests.system import System


def _docker_is_missing() -> str:
    asked = shutil.which("docker") and subprocess.run(
        ["docker", "info", "--format", "{{.ServerVersion}}"], capture_output=True, text=True, check=False
    )
    if not asked or asked.returncode:
        return f"no Docker engine answers ({asked.stderr.strip() if asked else 'no docker command'}); run: make host"
    try:
        base_image()
    except AssertionError as error:
        return str(error)
    return ""


def _is_missing(command: str, remedy: str = "make host") -> Callable[[], str]:
    return lambda: "" if shutil.which(command) else f"{command} is not in the search path; run: {remedy}"


TESTS = Path(__file__).parent

PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "docker": ("needs a Docker engine with the base image", _docker_is_missing),
    "terraform": ("needs Terraform and its Docker provider", _is_missing("terraform")),
    "ansible": ("needs Ansible", _is_missing("ansible-playbook")),
    "chromium": ("needs Chromium and its driver", _is_missing("chromedriver", "make browser")),
    "promtool": ("needs promtool, which comes with Prometheus", _is_missing("promtool", "make tools")),
}
"""mark → its description, and a function that returns what to do about a missing part; empty where it is there."""

TIMEOUTS = {"contract": 600, "e2e": 900, "infra": 1200, "swarm": 600}
"""Folder → seconds for one of its tests. The first one that asks for a system waits until that is built and ready."""

_missing: dict[str, str] = {}
_began: dict[str, float] = {}


def pytest_configure(config: pytest.Config) -> None:
    for mark, (meaning, _) in PARTS.items():
        config.addinivalue_line("markers", f"{mark}: {meaning}")
    # A shell starts what runs in the background without interrupts, and so would be started what tests interrupt.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        if folder in TIMEOUTS and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUTS[folder]))


class Stuck(BaseException):
    """A test's time is over. No Exception, which hypothesis would take for a failing example and try again for ever."""


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer() -> Iterator[object]:
    result = yield
    time_is_over = signal.getsignal(signal.SIGALRM)

    def stop(number: int, frame: FrameType | None) -> None:
        try:
            if callable(time_is_over):
                time_is_over(number, frame)
        except pytest.fail.Exception as failure:
            raise Stuck(str(failure)) from None

    signal.signal(signal.SIGALRM, stop)
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test fails where a part that it needs is missing, and is never skipped. The failure says what to do."""
    _began[item.nodeid] = time.time()
    for mark, (_, ask) in PARTS.items():
        if item.get_closest_marker(mark):
            if mark not in _missing:
                _missing[mark] = ask()
            if _missing[mark]:
                pytest.fail(_missing[mark], pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.failed:
        values = getattr(item, "funcargs", {}).values()
        for system in {
            each for value in values for each in getattr(value, "systems", [value]) if isinstance(each, System)
        }:
            for role, text in system.logs(since=_began[item.nodeid]).items():
                report.sections.append((f"{role} of {system.deployment}", text))
    return report
