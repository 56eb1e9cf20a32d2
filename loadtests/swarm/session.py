"""A load test, tied to locust's events: what it is that begins, and what it says in the end."""

from __future__ import annotations

import json
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
from locust.runners import STATE_RUNNING, STATE_SPAWNING, LocalRunner, Runner, WorkerRunner
from locust.web import WebUI

from loadtests.swarm import options, refusals, ring_drawing, ring_tab
from loadtests.swarm.countdown import Countdown
from loadtests.swarm.counts import Counts
from loadtests.swarm.ring import Ring
from loadtests.swarm.ring_table import RingTable
from loadtests.swarm.target import NotUp, Target
from loadtests.swarm.thresholds import exit_code, thresholds
from loadtests.swarm.users import HOST, RingUser, TrafficUser

CANNOT_RUN = 2
"""The exit code that a wrong command line has, too."""

_log = logging.getLogger(__name__)
_console = logging.getLogger("locust.stats_logger")
"""Where locust prints its tables."""


def listen(events: Events) -> None:
    """To be called once, by the locustfile."""

    def begin(environment: Environment, runner: Runner, web_ui: WebUI | None, **_: Any) -> None:
        given = environment.parsed_options
        # The token stays here: the master would send it to whoever connects as a worker.
        target = Target((environment.host or HOST).rstrip("/"), given.control_url, vars(given).pop("token"))
        RingUser.authorization = target.authorization
        if not isinstance(runner, WorkerRunner):
            Session(environment, target).begin(events, web_ui)

    events.init_command_line_parser.add_listener(options.add)
    events.init.add_listener(begin)


class Session:
    """The part of the process that leads: alone, or as the master."""

    def __init__(self, environment: Environment, target: Target) -> None:
        self._environment = environment
        self._options: Any = environment.parsed_options
        self._runner: Any = environment.runner
        self._alone = isinstance(environment.runner, LocalRunner)
        self._target = target
        self._ring: Ring | None = None
        self._first_ring: Ring | None = None
        self._started = self._ended = 0.0
        self._quitting = threading.Lock()
        self._finished = False

    def begin(self, events: Events, page: WebUI | None) -> None:
        """Ends the process where nothing can come of its command line."""
        if refusal := self._refusal_at_once(page):
            _give_up(refusal)
        if page:
            ring_tab.attach(page, table=self._table, refusal=self._refusal)
            ring_drawing.attach(page, drawing=self._target.drawing)
        if self._options.servers_file:
            Path(self._options.servers_file).unlink(missing_ok=True)
        self._choose_users()
        events.test_start.add_listener(self._on_test_start)
        events.test_stop.add_listener(self._on_test_stop)
        events.quitting.add_listener(self._on_quitting)

    def _refusal_at_once(self, page: WebUI | None) -> str:
        shapes = self._environment.available_shape_classes or {}
        refusal = refusals.command_line(self._options, alone=self._alone, shapes=shapes)
        if not refusal and page:
            refusal = refusals.port(page.host, page.port)
        if not refusal and (self._options.headless or self._options.autostart):
            refusal = refusals.deployment(self._target)
        return refusal

    def _choose_users(self) -> None:
        """Where the command line names no classes. Whoever changes the fleet is not offered on the page either, where
        all classes are ticked at first."""
        if self._options.user_classes:
            return
        classes = self._environment.user_classes
        left_out = sorted(user.__name__ for user in classes if getattr(user, "only_if_named", False))
        self._environment.user_classes = [user for user in classes if user.__name__ not in left_out]
        for offered in (self._environment.available_user_classes, self._environment.available_user_tasks):
            offered.pop("MembershipUser", None)
        running = ", ".join(user.__name__ for user in self._environment.user_classes)
        _log.info("Users: %s. Name them on the command line to run others: %s", running, ", ".join(left_out))

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
        self._first_ring = self._ring_now()
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
        counts, table = Counts.of(self._runner.stats), self._table()
        if table:
            _console.info("%s\n", table)
        if self._options.servers_file:
            document = counts.document(started=self._started, ended=self._ended or time.time())
            _write(Path(self._options.servers_file), json.dumps(document) + "\n")
        judged = thresholds(self._options, counts, table.max_over_mean if table else None)
        for threshold in judged:
            _console.info("%s", threshold)
        broken = bool(self._runner.exceptions) or locust.log.unhandled_greenlet_exception
        code = exit_code(judged, broken=broken)
        if code is not None:
            self._environment.process_exit_code = code

    def _table(self) -> RingTable | None:
        """None where the ring was never known."""
        ring = self._ring_now()
        first = self._first_ring
        changed = None not in (first, ring) and first.version != ring.version
        return RingTable(Counts.of(self._runner.stats).answers, ring, changed) if ring else None

    def _ring_now(self) -> Ring | None:
        """The last one that is known."""
        try:
            self._ring = self._target.ring()
        except NotUp as error:
            _log.warning("the predicted shares may be old: %s", error)
        return self._ring


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    partial = path.with_name(f".{path.name}.new")
    partial.write_text(text)
    partial.replace(path)


def _give_up(message: str) -> NoReturn:
    for worker in psutil.Process().children():  # those of --processes: locust forgets them, and they wait for a master
        worker.terminate()
    print(f"locust: error: {message}", file=sys.stderr)
    sys.exit(CANNOT_RUN)
