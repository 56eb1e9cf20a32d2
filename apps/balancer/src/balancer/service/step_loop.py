"""The step loop: it decides when the next step of the reconciler comes, at once on a call, else after a pause."""

from __future__ import annotations

import threading
from collections.abc import Callable

from balancer.core.errors import RingmasterError
from balancer.ports.clock import Clock
from balancer.ports.durations import Durations, Work
from balancer.service.problems import Part, Problems

_LONGEST_PAUSE = 1.0
"""The longest time between two steps, in seconds, while nothing calls for one."""
_SHORTEST_PAUSE = 0.05
"""Seconds between a step that was called for and the next one. After that the pause doubles, up to the longest. The
early further steps are needed because the engine announces some changes before its list of containers shows them."""


class StepLoop:
    """Any thread may set `wake` to call for the next step at once. A step that fails is a problem until one succeeds:
    an operator must see why the balancer does nothing."""

    def __init__(
        self,
        step: Callable[[], None],
        *,
        problems: Problems,
        wake: threading.Event,
        clock: Clock,
        durations: Durations,
    ) -> None:
        self._wake = wake
        self._step = step
        self._problems = problems
        self._clock = clock
        self._durations = durations
        self._pause = _SHORTEST_PAUSE

    def round(self) -> float:
        began = self._clock.now()
        try:
            self._step()
        except Exception as error:
            self._problems.report(Part.BALANCER, _reason(error))
            raise
        finally:
            self._durations.took(Work.RECONCILE, self._clock.now() - began)
        self._problems.clear(Part.BALANCER)
        called_for = self._wake.wait(self._pause)
        self._wake.clear()
        self._pause = _SHORTEST_PAUSE if called_for else min(_LONGEST_PAUSE, 2 * self._pause)
        return 0.0


def _reason(error: Exception) -> str:
    told = str(error) if isinstance(error, RingmasterError) else f"{type(error).__name__}; the balancer's log says more"
    return f"a step failed and is tried again: {told}"
