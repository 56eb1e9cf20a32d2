"""Ends of containers that engine events have announced: the engine's list may still show the containers running."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from typing import Any


class AnnouncedEnds:
    """Containers go by their ids. `stop_timeout`: the seconds that a stop may take. `stop_signal(id)` is the signal by
    which the engine stops the container, as images write it, empty where the container is gone."""

    def __init__(self, *, stop_timeout: int, stop_signal: Callable[[str], str]) -> None:
        self._stop_timeout = stop_timeout
        self._stop_signal = stop_signal
        self._deaths: dict[str, str] = {}
        """Container → status of a container that has died."""
        self._ending: dict[str, float] = {}
        """Container → until when, on the monotonic clock, a container that is being stopped may take to end."""

    def forget(self) -> None:
        """Forgets deaths: a new stream of events begins, and deaths before it are in the engine's list."""
        self._deaths.clear()

    def note(self, event: Mapping[str, Any]) -> None:
        """Takes in one engine event."""
        container, attributes = event["Actor"]["ID"], event["Actor"]["Attributes"]
        match event["Action"]:
            case "kill" if self._is_stop(container, attributes.get("signal", "")):
                self._ending.setdefault(container, time.monotonic() + self._stop_timeout)
            case "die":
                self._deaths[container] = f"Exited ({attributes.get('exitCode', '?')})"
                self._ending.pop(container, None)
            case "start" | "destroy":
                self._deaths.pop(container, None)
                self._ending.pop(container, None)

    def death(self, container: str) -> str:
        """The status of a container whose death was announced; empty for any other."""
        return self._deaths.get(container, "")

    def is_ending(self, container: str, state: str) -> bool:
        """Whether the container, in the engine's `state`, has been asked to end and may still take time."""
        may_take_time = time.monotonic() < self._ending.get(container, 0.0)
        return state == "running" and container not in self._deaths and may_take_time

    def _is_stop(self, container: str, number: str) -> bool:
        return number == _signal_number(self._stop_signal(container)) != ""


def _signal_number(name: str) -> str:
    """Of "SIGTERM", "TERM", "15" or "SIGRTMIN+3", as images write it; empty for what is no signal."""
    if name.isdecimal():
        return name
    base, plus, offset = name.removeprefix("SIG").partition("+")
    try:
        return str(signal.Signals[f"SIG{base}"] + (int(offset) if plus else 0))
    except (KeyError, ValueError):
        return ""
