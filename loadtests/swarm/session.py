"""One process's part in a load test, tied to locust's events: every one counts, the master or the only one leads."""

from __future__ import annotations

from typing import Any

from locust.env import Environment
from locust.event import Events
from locust.runners import Runner, WorkerRunner
from locust.web import WebUI

from loadtests.swarm import options
from loadtests.swarm.lead import Lead
from loadtests.swarm.tally import Tally
from loadtests.swarm.target import Target
from loadtests.swarm.users import HOST, RingUser


def listen(events: Events) -> None:
    """To be called once, by the locustfile."""
    tally = Tally()

    def begin(environment: Environment, runner: Runner, web_ui: WebUI | None, **_: Any) -> None:
        given = environment.parsed_options
        # The token stays here: the master would send it to whoever connects as a worker.
        target = Target((environment.host or HOST).rstrip("/"), given.control_url, vars(given).pop("token"))
        RingUser.authorization = target.authorization
        if not isinstance(runner, WorkerRunner):
            Lead(environment, target, tally).begin(events, web_ui)

    def reset(**_: Any) -> None:
        tally.clear()

    def report(data: dict[str, Any], **_: Any) -> None:
        data["ring"] = tally.drain()

    def merge(data: dict[str, Any], **_: Any) -> None:
        tally.merge(data["ring"])

    events.init_command_line_parser.add_listener(options.add)
    events.init.add_listener(begin)
    events.test_start.add_listener(reset)
    events.reset_stats.add_listener(reset)
    events.request.add_listener(tally.on_request)
    events.report_to_master.add_listener(report)
    events.worker_report.add_listener(merge)
