"""A table of stages as a load shape of locust's, stretched to -t and scaled to -u."""

from __future__ import annotations

from typing import ClassVar

from configargparse import ArgumentParser
from locust import LoadTestShape, events

from loadtests.swarm.stages import Stage, part_of_the_users

SECONDS = 120
USERS = 20


class StagedShape(LoadTestShape):
    """`stages` in the order of time; the last one's `until` is 1."""

    abstract = True
    use_common_options = True
    stages: ClassVar[tuple[Stage, ...]]

    def tick(self) -> tuple[int, float] | None:
        options = self.runner.environment.parsed_options
        part = part_of_the_users(self.stages, self.get_run_time() / (options.run_time or SECONDS))
        return None if part is None else (max(1, round(part * options.num_users)), options.spawn_rate)


@events.init_command_line_parser.add_listener
def _defaults(parser: ArgumentParser) -> None:
    """Without -u and -r locust would run a single user."""
    parser.set_defaults(num_users=USERS, spawn_rate=USERS)
