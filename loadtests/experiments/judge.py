"""What is wrong with what an experiment measured: nothing, or it has failed. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from loadtests.experiments.balance import Run
from loadtests.experiments.timeline import FAULTS, OF_A_SERVER, Fault, Timeline
from loadtests.faults import bounds

LEAST_P = 1e-6
"""A ring that is right gives less once in a million runs; one that gives a server 5 % too much, nearly always."""
_STRAY = 5
"""Standard deviations by which the busiest server may be above its share; chance goes further once in a million."""
_LEAST_SENT = 0.9
"""Part of the requests that were due; the rest is what was under way when the run ended."""
_MAGLEV = 1.02
_COARSE = "course"
"""The request hash that reaches 87 slots only: what it gives a server says little about the server's slots."""


def of_runs(runs: Sequence[Run], *, asked: int) -> list[str]:
    return [flaw for run in runs for flaw in of_run(run, asked=asked)] if runs else ["nothing was measured"]


def of_run(run: Run, *, asked: int) -> list[str]:
    """`asked`: how many requests locust was to send."""
    answered = run.spread.total
    flaws = []
    if run.requests != asked:
        flaws.append(f"{run.requests} requests were sent instead of {asked}")
    if run.failures:
        flaws.append(f"{run.failures} of {run.requests} requests failed")
    if answered < run.requests - run.failures:
        flaws.append(f"only {answered} answers tell their server")
    p, peak, bound = run.spread.fit.p, run.spread.max_over_mean, highest_peak(run)
    if not p >= LEAST_P:  # nan, where nothing was counted, is no p either
        flaws.append(f"the shares are not what the ring promised: {_shares(run)}, p = {p:.1g}")
    if peak > bound:
        flaws.append(f"max/mean is {peak:.3f}, where the strategy promises {bound:.3f} at most")
    return [f"{run.name}: {flaw}" for flaw in flaws]


def highest_peak(run: Run) -> float:
    """What max/mean may be at most, whatever the ring said of itself: what the strategy promises of the slots, and
    chance. Infinite where none is promised."""
    slots = sum(part.slots for part in run.parts)
    promised = {"table": run.n * math.ceil(slots / run.n) / slots, "maglev": _MAGLEV}.get(run.strategy)
    if promised is None or run.request_hash == _COARSE or len({part.weight for part in run.parts}) > 1:
        return math.inf
    return promised * (1 + _STRAY * math.sqrt((run.n - 1) / max(1, run.spread.total)))


def _shares(run: Run) -> str:
    total = max(1, run.spread.total)
    return ", ".join(f"{part.server} {part.requests / total:.1%} of {part.share:.1%}" for part in run.parts)


def of_timeline(line: Timeline) -> list[str]:
    return list(_of_timeline(line))


def _of_timeline(line: Timeline) -> Iterator[str]:
    if line.broken_off:
        yield line.broken_off
    if missing := [name for name in FAULTS if name not in {fault.name for fault in line.faults}]:
        yield f"did not happen: {', '.join(missing)}"
    for fault in line.faults:
        if fault.name in OF_A_SERVER:
            yield from _of_fault(fault)
        late = bounds.late(bounds.BOUNDS[fault.name], off_ring=fault.off_ring, whole=fault.whole)
        yield from (f"{fault.name}: {what}" for what in late)
    gone = {fault.victim for fault in line.faults if fault.off_ring is not None}
    if {*line.last} != {name for name, _, _ in line.spells} - gone:
        yield f"in the end {', '.join(line.last) or 'nothing'} is on the ring, which is not what the faults left there"
    if line.requests < _LEAST_SENT * line.due:
        yield f"{line.requests} requests were sent where {line.due:.0f} were due"
    if line.failures:
        yield f"{line.failures} of {line.requests} requests failed"
    if not line.endpoints:
        yield "no endpoint was called"
    if wrong := [call.request for call in line.endpoints if not call.is_as_expected]:
        yield f"not answered as expected: {', '.join(wrong)}"


def _of_fault(fault: Fault) -> Iterator[str]:
    """Of a server: it leaves the ring, and another one comes."""
    if fault.off_ring is None or not 0 <= fault.off_ring < fault.whole:
        yield f"{fault.name}: {fault.victim} was not seen off the ring"
    if not fault.replacement or fault.replacement == fault.victim or "," in fault.replacement:
        yield f"{fault.name}: {fault.victim} was replaced by {fault.replacement or 'nothing'}"
