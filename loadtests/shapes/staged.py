"""A table of stages as a load shape of locust's, stretched to -t and scaled to -u."""

from __future__ import annotations

from typing import ClassVar

from locust import LoadTestShape, events
from locust.argument_parser import LocustArgumentParser

SECONDS = 120
USERS = 20


class StagedShape(LoadTestShape):
    """`stages` in the order of time: (until this part of the time, this part of the users); the last is until 1."""

    abstract = True
    use_common_options = True
    stages: ClassVar[tuple[tuple[float, float], ...]]

    def tick(self) -> tuple[int, float] | None:
        options = self.runner.environment.parsed_options
        passed = self.get_run_time() / (options.run_time or SECONDS)
        part = next((users for until, users in self.stages if passed < until), None)
        return None if part is None else (max(1, round(part * options.num_users)), options.spawn_rate)


@events.init_command_line_parser.add_listener
def _defaults(parser: LocustArgumentParser) -> None:
    """Without -u and -r locust would run a single user."""
    parser.set_defaults(num_users=USERS, spawn_rate=USERS)
