"""Carries a schedule out on a running deployment under load, and waits for the fleet to become whole again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import pairwise
from random import Random

from loadtests.chaos.deed import Kind, Scene
from loadtests.chaos.invariants import broken, hostname, is_spare
from loadtests.chaos.judge import Done, judge
from loadtests.chaos.load import Load, load
from loadtests.chaos.outcome import Outcome
from loadtests.chaos.schedule import Act
from loadtests.chaos.targets import possible_targets
from loadtests.chaos.watch import Watch
from loadtests.fleet.crashes import listening
from loadtests.fleet.steady import Request
from loadtests.fleet.wire import Wire
from loadtests.running import CannotMeasure
from tests.system import System

WHOLE_WITHIN = 120.0
"""Seconds: the longest pause between replacements is a minute."""
_SOUND_WITHIN = 3.0
"""Seconds: each of several questions is answered at another moment, and the fleet may have changed in between."""
_PAUSE = 0.1
_AFTERMATH = 0.25
"""Seconds until the load has told of everything that ended before."""


def run(
    system: System, kinds: Mapping[str, Kind], acts: Sequence[Act], *, rate: float, seed: int, spares: int
) -> Iterator[Outcome]:
    """An outcome for every act, in their order; ends early where the fleet does not become whole again."""
    with (
        ThreadPoolExecutor(8) as jobs,
        Watch(system.control_url, system.authorization) as watch,
        listening(system) as wire,
        load(system.url, rate=rate, seed=seed) as requests,
    ):
        chaos = Chaos(system, kinds, jobs=jobs, watch=watch, wire=wire, load=requests, rate=rate, spares=spares)
        for act in acts:
            chaos.do(act)
            if act.pause is None:
                yield from chaos.settle()
                if not chaos.is_whole:
                    return
        if not wire.heard:
            raise CannotMeasure("no POST was heard on the deployment's network: whether one was repeated is not known")


class Chaos:
    """One schedule on its way. Acts wait in `_open` until the fleet is whole again; only then they can be judged."""

    def __init__(
        self,
        system: System,
        kinds: Mapping[str, Kind],
        *,
        jobs: Executor,
        watch: Watch,
        wire: Wire,
        load: Load,
        rate: float,
        spares: int,
    ) -> None:
        self._system = system
        self._kinds = kinds
        self._jobs = jobs
        self._watch = watch
        self._wire = wire
        self._load = load
        self._rate = rate
        self._spares = spares
        self._began = time.monotonic()
        self._target = system.healthz().document["target"]
        self._struck: set[str] = set()
        self._open: list[Done] = []
        self.is_whole = True

    def do(self, act: Act) -> None:
        kind = self._kinds[act.kind]
        dice = Random(act.dice)  # noqa: S311 (chaos, no secret)
        scene = Scene(self._system, self._watch, self._jobs, dice, self._struck, self._target)
        self._open.append(Done(act, kind, kind.act(scene)))
        if act.pause is not None:
            time.sleep(act.pause)

    def settle(self) -> list[Outcome]:
        """Waits until the fleet is whole, and judges the acts since it was so last."""
        end = time.monotonic() + WHOLE_WITHIN
        while (missing := self._missing()) and time.monotonic() < end:
            time.sleep(_PAUSE)
        settled = time.monotonic()
        self.is_whole = not missing
        faults = [f"not whole again within {WHOLE_WITHIN:g} s: {missing}"] if missing else self._unsound()
        time.sleep(_AFTERMATH)
        by_itself = len(self._open) == 1 and self.is_whole
        outcomes = [
            judge(
                done,
                requests,
                watch=self._watch,
                rate=self._rate,
                settled=settled if by_itself else None,
                chaos_began=self._began,
                posts_repeated=self._wire.repeated([request.post for request in requests if request.post]),
                broken=faults if done is self._open[-1] else [],
            )
            for done, requests in self._windows(self._load.ended())
        ]
        self._open = []
        return outcomes

    def _missing(self) -> str:
        """What has to come yet before the fleet counts as whole; empty when nothing."""
        servers = self._system.containers.of("server")
        containers = {str(server.id) for server in servers}
        for done in self._open:
            if missing := done.deed.missing(self._watch, containers):
                return f"{done.kind.name} ({done.deed.says}): {missing}"
        view = self._watch.now
        if not view.is_ready:
            return f"the balancer is not ready: {view}"
        deploy = self._system.operate("GET", "/deploy").document["deploy"]
        if deploy and deploy["stage"].startswith("rolling"):
            return f"a deploy is on its way: {deploy}"
        on_the_ring = {hostname(server) for server in servers if not is_spare(server)}
        spares = {hostname(server) for server in servers if is_spare(server)}
        if (on_the_ring, len(spares)) != (set(view.replicas), self._spares):
            return f"the containers are {on_the_ring} and the spares {spares}, the servers {view.replicas}"
        return "" if self._watch.now == view else "it is changing"

    def _unsound(self) -> list[str]:
        """Whole as it seems: what does not hold all the same."""
        calls = [call for done in self._open for call in done.deed.calls]
        possible = possible_targets(self._target, [(call.delta, call.status) for call in calls])
        target, self._target = self._target, self._watch.now.target
        wrong = f"N was {target} and is {self._target}; possible: {sorted(possible)}"
        end = time.monotonic() + _SOUND_WITHIN
        while (unsound := broken(self._system, spares=self._spares)) and time.monotonic() < end:
            time.sleep(_PAUSE)
        return [*([] if self._target in possible else [wrong]), *unsound]

    def _windows(self, requests: Sequence[Request]) -> list[tuple[Done, list[Request]]]:
        """Each act with the requests that ended after it began and before the next one did."""
        borders = [0.0, *(done.deed.began for done in self._open[1:]), float("inf")]
        return [
            (done, [request for request in requests if since <= request.ended < until])
            for done, (since, until) in zip(self._open, pairwise(borders), strict=True)
        ]
