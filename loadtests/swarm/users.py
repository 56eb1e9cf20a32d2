"""Who sends what. No request is sent twice and every answer is checked: what fails shall be seen."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import ClassVar

import geventhttpclient.client
from locust import FastHttpUser, task
from locust.env import Environment
from locust.exception import StopUser

from loadtests.swarm import keys
from loadtests.swarm.answers import expected_text, name_of
from loadtests.swarm.countdown import Countdown
from loadtests.traffic import KEY, SERVED_BY

# A GET or a DELETE whose connection ends before the answer is sent again by this client, whatever max_retries says.
# It asks this set which methods may be.
geventhttpclient.client.IDEMPOTENT_METHODS = frozenset()

HOST = "http://127.0.0.1:5000"


class RingUser(FastHttpUser):
    """`only_if_named`: whether a run that names no classes goes without this one."""

    abstract = True
    host = HOST
    only_if_named: ClassVar[bool] = False
    authorization: ClassVar[Mapping[str, str]] = {}
    """The header that changes of the fleet need where the deployment has a token."""


class TrafficUser(RingUser):
    """GET of one of --path, without a pause; with a `countdown` as long as it lasts."""

    abstract = True
    countdown: ClassVar[Countdown | None] = None

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._paths = environment.parsed_options.path.split(",")
        self._text = environment.parsed_options.text

    @task
    def traffic(self) -> None:
        if self.countdown is None:
            self.send({})
            return
        if not self.countdown.take():
            raise StopUser
        try:
            self.send({})
        finally:
            self.countdown.ended()

    def send(self, headers: Mapping[str, str], *, late: float = 0.0) -> None:
        """`late`: seconds since it should have been sent, which its response time contains."""
        path = random.choice(self._paths)  # noqa: S311 (nothing is secret about it)
        with self.client.get(path, headers=dict(headers), catch_response=True) as response:
            server = (response.headers or {}).get(SERVED_BY, "")
            response.request_meta["name"] = name_of(path, server)
            response.request_meta["response_time"] += 1000 * late
            text = expected_text(self._text, path=path, server=server)
            if response.request_meta["exception"] is None and text.encode() not in response.content:
                response.failure(f"{text!r} is not in the answer {response.text[:100]!r}")


class PlainUser(TrafficUser):
    """Requests without a key: the ring draws a random one for each."""


class UniformKeyUser(TrafficUser):
    """Each of --keys keys as often as any other."""

    only_if_named = True

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.draw = keys.uniform(environment.parsed_options.keys)

    def send(self, headers: Mapping[str, str], *, late: float = 0.0) -> None:
        super().send({**headers, KEY: self.draw()}, late=late)


class ZipfKeyUser(UniformKeyUser):
    """A few keys most of the time: Zipf's law with the exponent --zipf over --keys keys."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.draw = keys.zipf(environment.parsed_options.keys, environment.parsed_options.zipf)


class ConstantThroughputUser(TrafficUser):
    """--rate requests a second. A request that is late, because the one before took long, is sent at once, and its
    response time counts from when it should have been sent. (With locust's constant_throughput it counts from when it
    was sent, and those that were missed are never sent: the worse the system, the less of it is measured.)"""

    only_if_named = True

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._interval = 1 / environment.parsed_options.rate

    def on_start(self) -> None:
        self._due = time.perf_counter() + random.random() * self._interval  # noqa: S311 (users take turns)
        time.sleep(max(0.0, self._due - time.perf_counter()))

    def wait_time(self) -> float:
        self._due += self._interval
        return max(0.0, self._due - time.perf_counter())

    def send(self, headers: Mapping[str, str], *, late: float = 0.0) -> None:
        super().send(headers, late=max(late, time.perf_counter() - self._due))
