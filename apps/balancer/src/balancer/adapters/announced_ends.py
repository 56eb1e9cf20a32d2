"""Announced ends: containers whose end an engine event announced. The engine's list may still show them running. And
containers that starved: no list shows it."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any


class AnnouncedEnds:
    """Containers are given by id. `stopping(id)` returns how the container is stopped: the signal, as images write it,
    empty where the container is gone; and the seconds that the stop may take."""

    def __init__(self, stopping: Callable[[str], tuple[str, int]]) -> None:
        self._stopping = stopping
        self._deaths: dict[str, str] = {}
        """container id → status, for containers that have died."""
        self._ending: dict[str, float] = {}
        """container id → time, for containers that are being stopped. Until that time of the monotonic clock they may
        end by themselves."""
        self._starved: Counter[str] = Counter()
        """container id → how often the engine told that the kernel killed one of its processes for want of memory."""

    def forget(self) -> None:
        """Forgets the deaths: a new stream of events begins, and the engine's list shows all deaths before it."""
        self._deaths.clear()

    def note(self, event: Mapping[str, Any]) -> None:
        """Takes in one engine event."""
        container, attributes = event["Actor"]["ID"], event["Actor"]["Attributes"]
        match event["Action"]:
            case "kill":
                signal_of_stop, seconds = self._stopping(container)
                if attributes.get("signal", "") == _signal_number(signal_of_stop) != "":
                    self._ending.setdefault(container, time.monotonic() + seconds)
            case "die":
                self._deaths[container] = f"Exited ({attributes.get('exitCode', '?')})"
                self._ending.pop(container, None)
            case "oom":
                self._starved[container] += 1
            case "start" | "destroy" as action:
                self._deaths.pop(container, None)
                self._ending.pop(container, None)
                if action == "destroy":
                    del self._starved[container]

    def death(self, container: str) -> str:
        """The status of a container whose death was announced; empty for other containers."""
        return self._deaths.get(container, "")

    def starved(self, container: str) -> int:
        """How often the engine told that the container starved, since this process listens."""
        return self._starved[container]

    def is_ending(self, container: str, state: str) -> bool:
        """Whether the container has been asked to end and may still take time. `state`: its state in the engine's
        list."""
        may_take_time = time.monotonic() < self._ending.get(container, 0.0)
        return state == "running" and container not in self._deaths and may_take_time


def _signal_number(name: str) -> str:
    """The number of a signal that an image names: "SIGTERM", "TERM", "15" or "SIGRTMIN+3"; empty for an unknown
    name."""
    if name.isdecimal():
        return str(int(name))
    base, plus, offset = name.removeprefix("SIG").partition("+")
    try:
        return str(signal.Signals[f"SIG{base}"] + (int(offset) if plus else 0))
    except (KeyError, ValueError):
        return ""
