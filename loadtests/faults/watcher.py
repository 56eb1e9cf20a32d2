"""The fleet as the control port tells it, asked all the time: when did a server leave the ring, when was N complete?"""

from __future__ import annotations

import json
import threading
import time
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

_PAUSE = 0.02
_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class View:
    """What it told at the time `at`, in seconds of the monotonic clock; `is_away`: nobody answered."""

    at: float = field(compare=False)
    replicas: tuple[str, ...] = ()
    target: int = 0
    is_ready: bool = False
    is_away: bool = False
    ailments: Mapping[str, str] = field(default_factory=dict)


class Views:
    """What was seen, the first view first."""

    def __init__(self, *views: View) -> None:
        self._views = list(views)

    @property
    def now(self) -> View:
        return self._views[-1]

    def left_at(self, server: str, *, since: float) -> float | None:
        """When it was first seen off the ring."""
        return next((view.at for view in self._after(since) if not view.is_away and server not in view.replicas), None)

    def away_at(self, *, since: float) -> float | None:
        """When nobody was first seen to answer."""
        return next((view.at for view in self._after(since) if view.is_away), None)

    def whole_at(self, *, since: float) -> float | None:
        """When N servers were first seen to serve, with the edge in step."""
        return next((view.at for view in self._after(since) if view.is_ready), None)

    def see(self, view: View) -> None:
        if view != self.now:
            self._views.append(view)

    def _after(self, moment: float) -> list[View]:
        """What was so at that moment, and every change after it."""
        views = list(self._views)
        later = bisect_right(views, moment, key=lambda view: view.at)
        return [replace(views[max(0, later - 1)], at=moment), *views[max(1, later) :]]


class Watcher(Views):
    """`with Watcher(control_url, authorization) as watcher:` asks every 20 ms. Exact to that and to the time of an
    answer. Whoever looks after its thread has died gets an AssertionError."""

    def __init__(self, control_url: str, authorization: Mapping[str, str]) -> None:
        super().__init__(View(time.monotonic(), is_away=True))
        self._host = urlsplit(control_url).netloc
        self._headers = dict(authorization)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def now(self) -> View:
        self._check()
        return super().now

    def _after(self, moment: float) -> list[View]:
        self._check()
        return super()._after(moment)

    def _check(self) -> None:
        has_begun = self._thread.ident is not None
        if has_begun and not self._stop.is_set() and not self._thread.is_alive():
            raise AssertionError("the watcher's thread has died: what became of the fleet is not known")

    def _watch(self) -> None:
        connection = HTTPConnection(self._host, timeout=_TIMEOUT)
        while not self._stop.wait(_PAUSE):
            self.see(self._ask(connection))
        connection.close()

    def _ask(self, connection: HTTPConnection) -> View:
        try:
            connection.request("GET", "/healthz", headers=self._headers)
            return _view(json.loads(connection.getresponse().read()))
        except (OSError, HTTPException, ValueError, LookupError, TypeError):
            connection.close()
            return View(time.monotonic(), is_away=True)


def _view(report: Mapping[str, Any]) -> View:
    on_the_ring = tuple(name for name in report["replicas"] if name not in report["silent"])
    return View(time.monotonic(), on_the_ring, report["target"], report["ready"], ailments=report["ailments"])
