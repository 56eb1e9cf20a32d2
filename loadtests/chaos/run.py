"""Carries a schedule out on a running deployment under load, and waits for the fleet to become whole again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from random import Random

from loadtests.chaos.actions import Action, Context
from loadtests.chaos.expected import FleetState
from loadtests.chaos.invariants import broken, look
from loadtests.chaos.judge import Done, Evidence, judge, wrong_state
from loadtests.chaos.result import Result
from loadtests.chaos.schedule import Scheduled
from loadtests.faults.bounds import unsent
from loadtests.faults.servers import hostname, is_spare
from loadtests.faults.watcher import Views, Watcher
from loadtests.faults.wire import Wire, listening
from loadtests.load.load import Load, load
from loadtests.load.sender import LoadPlan
from loadtests.running import CannotMeasure
from tests.system import ON_THEIR_WAY, System

POST_EVERY, SLOW_EVERY, USERS = 10, 200, 10_000
WHOLE_WITHIN = 120.0
"""Seconds: the longest pause between replacements is a minute."""
SOUND_WITHIN = 3.0
"""Seconds: each of several questions is answered at another moment, and the fleet may have changed in between."""
_ANSWERED_WITHIN = 30.0
_PAUSE = 0.1


def run(
    system: System, actions: Mapping[str, Action], steps: Sequence[Scheduled], *, rate: float, seed: int, spares: int
) -> Iterator[Result]:
    """A result for every step, in their order; ends early where the fleet does not become whole again. Raises
    LoadFailed as soon as the load does, and CannotMeasure."""
    plan = LoadPlan(url=system.url, rate=rate, post_every=POST_EVERY, slow_every=SLOW_EVERY, users=USERS, seed=seed)
    with (
        ThreadPoolExecutor(8) as jobs,
        Watcher(system.control_url, system.authorization) as watcher,
        listening(system) as wire,
        load(plan) as traffic,
    ):
        chaos = Chaos(system, actions, jobs=jobs, views=watcher, wire=wire, load=traffic, spares=spares)
        for step in steps:
            chaos.do(step)
            if step.pause is None:
                if step is steps[-1]:
                    chaos.wait_until_whole()
                    traffic.stop()
                yield from chaos.settle()
                if not chaos.is_whole:
                    return
        if not wire.heard:
            raise CannotMeasure("no POST was heard on the deployment's network: whether one was repeated is not known")


class Chaos:
    """One schedule on its way. What was done waits in `_open` until the fleet is whole again; only then it can be
    judged."""

    def __init__(
        self,
        system: System,
        actions: Mapping[str, Action],
        *,
        jobs: Executor,
        views: Views,
        wire: Wire,
        load: Load,
        spares: int,
    ) -> None:
        self._system = system
        self._actions = actions
        self._jobs = jobs
        self._views = views
        self._wire = wire
        self._load = load
        self._spares = spares
        self._began = time.monotonic()
        self._counted = (self._began, load.sent, load.left_out)
        self._state = look(system).state
        self._environments = set(self._state.environments.values())
        self._configured = FleetState(0, system.settings.ring_profile().document(), ())
        self._hit: set[str] = set()
        self._open: list[Done] = []
        self._missing = ""

    @property
    def is_whole(self) -> bool:
        return not self._missing

    def do(self, step: Scheduled) -> None:
        self._load.check()
        chance = Random(step.seed)  # noqa: S311 (chaos, no secret)
        context = Context(self._system, self._views, self._jobs, chance, self._hit, self._state.target)
        self._open.append(Done(step.number, step.action, self._actions[step.action].begin(context)))
        if step.pause is not None:
            time.sleep(step.pause)

    def wait_until_whole(self) -> None:
        end = time.monotonic() + WHOLE_WITHIN
        while (missing := self._what_is_missing()) and time.monotonic() < end:
            self._load.check()
            time.sleep(_PAUSE)
        self._missing = missing

    def settle(self) -> list[Result]:
        """Waits until the fleet is whole, and judges what was done since it was so last."""
        self.wait_until_whole()
        whole = time.monotonic()
        missing = f"not whole again within {WHOLE_WITHIN:g} s: {self._missing}"
        wrong = self._unsound() if self.is_whole else [missing]
        wrong += self._unsent()
        if not self._load.wait_for_answers(whole, within=_ANSWERED_WITHIN):
            wrong.append(f"requests are not answered within {_ANSWERED_WITHIN:g} s")
        requests = self._load.take(whole)
        evidence = Evidence(
            views=self._views,
            requests=requests,
            whole=whole if self.is_whole else None,
            rate=self._load.plan.rate,
            posts=self._load.plan.rate / self._load.plan.post_every,
            posts_repeated=self._wire.repeated([request.post for request in requests if request.post]),
            wrong=wrong,
        )
        done, self._open = self._open, []
        return judge(done, evidence, chaos_began=self._began)

    def _what_is_missing(self) -> str:
        """What has to come yet before the fleet counts as whole; empty when nothing."""
        servers = self._system.containers.of("server")
        containers = {str(server.id) for server in servers}
        for done in self._open:
            if missing := done.begun.missing(self._views, containers):
                return f"{done.action} ({done.begun.says}): {missing}"
        view = self._views.now
        if not view.is_ready:
            return f"the balancer is not ready: {view}"
        if self._system.stage in ON_THEIR_WAY:
            return "a deploy is on its way"
        on_the_ring = {hostname(server) for server in servers if not is_spare(server)}
        spares = {hostname(server) for server in servers if is_spare(server)}
        if (on_the_ring, len(spares)) != (set(view.replicas), self._spares):
            return f"the containers are {on_the_ring} and the spares {spares}, the servers {view.replicas}"
        return "" if self._views.now == view else "it is changing"

    def _unsound(self) -> list[str]:
        """Whole as it seems: what does not hold all the same."""
        end = time.monotonic() + SOUND_WITHIN
        while True:
            picture = look(self._system)
            wrong, environments = wrong_state(
                self._open, self._state, picture.state, environments=self._environments, configured=self._configured
            )
            wrong += broken(picture, spares=self._spares)
            if not wrong or time.monotonic() > end:
                self._state, self._environments = picture.state, environments
                return wrong
            time.sleep(_PAUSE)

    def _unsent(self) -> list[str]:
        """What the load has not sent since this was asked last."""
        since, sent, left_out = self._counted
        self._counted = now = (self._load.stopped or time.monotonic(), self._load.sent, self._load.left_out)
        return unsent(sent=now[1] - sent, left_out=now[2] - left_out, rate=self._load.plan.rate, seconds=now[0] - since)
