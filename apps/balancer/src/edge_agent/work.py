"""The work at HAProxy, in one thread: it obeys the newest files, and what is asked of it is answered, in the order in
which the hub said it."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from balancer.adapters.edges.wire import BEAT, VERBS, Beat
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.adapters.haproxy.edge_readings import EdgeReadings
from balancer.adapters.haproxy.exporter import HaproxyExporter
from balancer.adapters.haproxy.running_edge import RunningEdge
from balancer.adapters.haproxy.traffic import HaproxyTraffic
from balancer.core.errors import PlaneUnavailable

_SOON = 0.1
"""Seconds between two looks while HAProxy is away."""

_log = logging.getLogger("edge_agent")


@dataclass(frozen=True, slots=True)
class Ask:
    """`answer` gets {"result": …} or {"error": TEXT}, from the thread of the work."""

    verb: str
    arguments: Mapping[str, Any]
    answer: Callable[[dict[str, Any]], None]


class Work:
    """`directory`: the folder of HAProxy's files and sockets. `changed` is called in the work's thread where the beat
    says something else."""

    def __init__(self, directory: Path, changed: Callable[[], None]) -> None:
        self._running = RunningEdge(directory)
        self._readings = EdgeReadings(directory)
        traffic, exporter = HaproxyTraffic(directory), HaproxyExporter(directory)
        self._verbs: Mapping[str, Callable[..., Any]] = {
            "activity": self._activity,
            "close_idle": self._running.close_idle,
            "load": self._readings.load,
            "keyless": self._readings.keyless,
            "certificates": self._readings.certificates,
            "counters": traffic.counters,
            "keys": traffic.keys,
            "exposition": exporter.exposition,
            "old_processes": exporter.old_processes,
        }
        self._changed = changed
        self._files: EdgeFiles | None = None
        self._asks: queue.SimpleQueue[Ask | None] = queue.SimpleQueue()
        """None stands for other files, or for the end."""
        self._thread = threading.Thread(target=self._go_on, name="work", daemon=True)
        self._is_ended = False
        self._found: tuple[EdgeFiles | None, Beat] = None, Beat()
        """What the last look found, of which files."""

    def start(self) -> None:
        """Looks once, so that the first beat is true. Then the thread goes on."""
        self._look()
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended: after what it is at."""
        self._is_ended = True
        self._asks.put(None)
        self._thread.join()

    @property
    def beat(self) -> Beat:
        """What was found of an edge that has other files by now says nothing of those."""
        files, beat = self._found
        return beat if files is self._files else Beat(serving=beat.serving)

    def obey(self, files: EdgeFiles) -> None:
        self._files = files
        self._asks.put(None)

    def ask(self, ask: Ask) -> None:
        """What was told to obey before is obeyed before the answer, or newer files are."""
        self._asks.put(ask)

    def _go_on(self) -> None:
        while not self._is_ended:
            self._look()
            due = time.monotonic() + (BEAT if self.beat.serving else _SOON)
            while (left := due - time.monotonic()) > 0:
                try:
                    ask = self._asks.get(timeout=left)
                except queue.Empty:
                    break
                if ask is None:
                    break
                self._answer(ask)

    def _look(self) -> None:
        files, before = self._files, self.beat
        obeys, problem = "", ""
        try:
            obeys = self._obeyed(files) if files else ""
        except PlaneUnavailable as error:
            problem = str(error)
        except Exception as error:
            _log.exception("the edge cannot be told")
            problem = f"the edge cannot be told: {error!r}"
        self._found = files, Beat(obeys=obeys, serving=bool(obeys) or self._running.serves(), problem=problem)
        if self.beat != before:
            _log.info("the edge", extra={"obeys": obeys, "serving": self.beat.serving, "problem": problem})
            self._changed()

    def _obeyed(self, files: EdgeFiles) -> str:
        """The name of the files, which are obeyed now. Raises PlaneUnavailable."""
        if not self._running.obeys(files):
            self._running.obey(files)
            if not self._running.obeys(files):
                raise PlaneUnavailable("the edge took the files, and does not obey them")
        return files.name

    def _activity(self) -> object:
        """Of an edge that may still send requests to servers that the files no longer name, it is not told. One that
        does not serve may be finishing what it has."""
        if self._files is None or self.beat.obeys:
            return self._readings.activity()
        if self.beat.serving:
            raise PlaneUnavailable(f"the edge does not obey the latest files: {self.beat.problem}")
        return self._readings.last_activity()

    def _answer(self, ask: Ask) -> None:
        try:
            ask.answer({"result": VERBS[ask.verb].encode(self._verbs[ask.verb](**ask.arguments))})
        except PlaneUnavailable as error:
            ask.answer({"error": str(error)})
        except Exception as error:
            _log.exception("an ask failed", extra={"verb": ask.verb})
            ask.answer({"error": repr(error)})
