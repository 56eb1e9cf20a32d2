"""Who sends what: plain traffic, and keyed in two ways. No request is sent twice: what fails shall be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from locust import FastHttpUser, task
from locust.env import Environment
from locust.exception import StopUser

from loadtests.swarm import keys
from loadtests.swarm.countdown import Countdown
from loadtests.swarm.one_attempt import OneAttempt
from loadtests.traffic import KEY

HOST = "http://127.0.0.1:5000"


class RingUser(FastHttpUser):
    """`authorization`: the header that changes need where the deployment has a token."""

    abstract = True
    host = HOST
    authorization: ClassVar[Mapping[str, str]] = {}

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        agent = self.client.client
        agent.clientpool = OneAttempt(**agent.clientpool.client_args)


class TrafficUser(RingUser):
    """GET /home without a pause; with a `countdown` as long as it lasts."""

    abstract = True
    countdown: ClassVar[Countdown | None] = None

    @task
    def home(self) -> None:
        if self.countdown is None:
            self.send()
            return
        if not self.countdown.take():
            raise StopUser
        try:
            self.send()
        finally:
            self.countdown.ended()

    def send(self) -> None:
        self.client.get("/home")


class PlainUser(TrafficUser):
    """Requests without a key: the ring draws a random one for each."""


class UniformKeyUser(TrafficUser):
    """Each of --keys keys as often as any other."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._draw = keys.uniform(environment.parsed_options.keys)

    def send(self) -> None:
        self.client.get("/home", headers={KEY: self._draw()})


class ZipfKeyUser(UniformKeyUser):
    """A few keys most of the time: Zipf's law with the exponent --zipf over --keys keys."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        options = environment.parsed_options
        self._draw = keys.zipf(options.keys, options.zipf)
