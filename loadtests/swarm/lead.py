"""The process that leads a load test, alone or as the master: how it begins, and what it says in the end."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import gevent
import locust
import psutil
from locust.env import Environment
from locust.event import Events
from locust.runners import STATE_RUNNING, STATE_SPAWNING, LocalRunner
from locust.web import WebUI

from loadtests.swarm import refusals, ring_tab, servers_file
from loadtests.swarm.countdown import Countdown
from loadtests.swarm.counts import Counts
from loadtests.swarm.ring_table import RingTable
from loadtests.swarm.ring_view import RingView
from loadtests.swarm.tally import Tally
from loadtests.swarm.target import Target
from loadtests.swarm.thresholds import exit_code, thresholds
from loadtests.swarm.users import HOST, TrafficUser, UniformKeyUser, ZipfKeyUser

CANNOT_RUN = 2
"""The exit code that a wrong command line has, too."""

_console = logging.getLogger("locust.stats_logger")
"""Where locust prints its tables."""


class Lead:
    def __init__(self, environment: Environment, target: Target, tally: Tally) -> None:
        self._environment = environment
        self._options: Any = environment.parsed_options
        self._runner: Any = environment.runner
        self._alone = isinstance(environment.runner, LocalRunner)
        self._target = target
        self._tally = tally
        self._view = RingView(target)
        self._started = self._ended = 0.0
        self._quitting = threading.Lock()
        self._finished = False

    def begin(self, events: Events, page: WebUI | None) -> None:
        """Ends the process where nothing can come of its command line."""
        shapes = self._environment.available_shape_classes or {}
        refusal = refusals.command_line(self._options, alone=self._alone, shapes=shapes)
        if not refusal and page:
            refusal = refusals.port(page.host, page.port)
        if not refusal and (self._options.headless or self._options.autostart):
            refusal = refusals.deployment(self._target)
        if refusal:
            _give_up(refusal)
        if page:
            ring_tab.attach(page, table=self._table, refusal=self._refusal, base_path=self._options.web_base_path)
        if self._options.servers_file:
            Path(self._options.servers_file).unlink(missing_ok=True)
        if not self._options.user_classes:
            keyed = (UniformKeyUser, ZipfKeyUser)
            self._environment.user_classes = [user for user in self._environment.user_classes if user not in keyed]
        events.test_start.add_listener(self._on_test_start)
        events.test_stop.add_listener(self._on_test_stop)
        events.quitting.add_listener(self._on_quitting)

    def _refusal(self, fields: Mapping[str, str]) -> str:
        """What is wrong with the page's start form. While a test runs, it is for another number of users: then the
        deployment may be ailing, which is what is tested."""
        url = (fields.get("host") or self._environment.host or HOST).rstrip("/")
        target = replace(self._target, url=url)
        refusal = refusals.form(fields, target=target, given_for=self._target.url, alone=self._alone)
        if refusal or self._runner.state in (STATE_SPAWNING, STATE_RUNNING):
            return refusal
        return refusals.deployment(target)

    def _on_test_start(self, **_: Any) -> None:
        self._started, self._ended = time.time(), 0.0
        if self._environment.host:
            self._environment.host = self._environment.host.rstrip("/")
        self._view.begin()
        end = self._runner.quit if self._options.headless else self._runner.stop
        wanted = self._options.requests
        TrafficUser.countdown = Countdown(wanted, lambda: gevent.spawn(end)) if wanted else None

    def _on_test_stop(self, **_: Any) -> None:
        self._ended = time.time()

    def _on_quitting(self, **_: Any) -> None:
        """Once: after a SIGTERM locust quits again as soon as its runner has, and that has to wait for the first."""
        with self._quitting:
            if self._started and not self._finished:
                self._finished = True
                self._finish()

    def _finish(self) -> None:
        if self._alone:  # a master has done so by now
            self._runner.quit()
        counts, table = Counts.of(self._runner.stats), self._table(fresh=True)
        if table:
            _console.info("%s\n", table)
        if self._options.servers_file:
            self._write(counts)
        judged = thresholds(self._options, counts, table.max_over_mean if table else None)
        for threshold in judged:
            _console.info("%s", threshold)
        broken = bool(self._runner.exceptions) or locust.log.unhandled_greenlet_exception
        code = exit_code(judged, broken=broken)
        if code is not None:
            self._environment.process_exit_code = code

    def _write(self, counts: Counts) -> None:
        document = servers_file.document(
            self._tally,
            counts,
            started=self._started,
            ended=self._ended or time.time(),
            version=locust.__version__,
        )
        servers_file.write(Path(self._options.servers_file), document)

    def _table(self, *, fresh: bool = False) -> RingTable | None:
        """None where the ring was never known."""
        ring = self._view.now(fresh=fresh)
        return RingTable(self._tally.servers, ring, self._view.changed) if ring else None


def _give_up(message: str) -> NoReturn:
    for worker in psutil.Process().children():  # those of --processes: locust forgets them, and they wait for a master
        worker.terminate()
    print(f"locust: error: {message}", file=sys.stderr)
    sys.exit(CANNOT_RUN)
