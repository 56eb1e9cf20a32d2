"""What an act has led to, from the requests, the answers and the control port's tale. Nothing is asked here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from loadtests.chaos.deed import Deed, Kind
from loadtests.chaos.ledger import tally
from loadtests.chaos.outcome import RETRY_BUDGET, Outcome
from loadtests.chaos.schedule import Act
from loadtests.chaos.watch import Watch
from loadtests.fleet.steady import Request

ACCEPTED = (HTTPStatus.OK, HTTPStatus.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Done:
    """An act that was carried out."""

    act: Act
    kind: Kind
    deed: Deed


def judge(
    done: Done,
    requests: Sequence[Request],
    *,
    watch: Watch,
    rate: float,
    settled: float | None,
    chaos_began: float,
    posts_repeated: Sequence[str],
    broken: Sequence[str],
) -> Outcome:
    """`requests` are those that ended in its time, of `rate` a second; `settled`: when the fleet was whole again, None
    where it was not or where other acts came between: then nobody can say what of it was whose, only what must never
    be."""
    deed = done.deed
    off = watch.left_at(deed.victim, since=deed.began) if deed.victim and settled and not deed.is_void else None
    whole = _whole(deed, watch, off, settled) if settled and not deed.is_void else None
    counts = tally(requests, rate=rate, away=(deed.began, _edge_back(deed)) if deed.takes_edge else None)
    faults = [f"{type(deed.error).__name__}: {deed.error}"] if deed.error and not deed.is_void else []
    if settled:
        faults += [f"refused: {call}" for call in deed.calls if call.status not in ACCEPTED]
    return Outcome(
        number=done.act.number,
        kind=done.kind.name,
        says=f"{deed.says} ({deed.error})" if deed.is_void else deed.says,
        after=deed.began - chaos_began,
        off_ring=None if off is None else off - deed.began,
        whole=None if whole is None else whole - deed.began,
        answers=[f"{call.says}: {call.status}" for call in deed.calls],
        tally=counts,
        posts_repeated=posts_repeated,
        broken=[*faults, *broken],
        over_budget=bool(settled) and done.kind.is_crash and counts.worst_share > RETRY_BUDGET,
    )


def _whole(deed: Deed, watch: Watch, off: float | None, settled: float) -> float | None:
    """When N servers served again; of a call, when it was carried out."""
    if deed.victim and off is not None:
        return watch.whole_at(since=off)
    if deed.takes_balancer:
        return watch.whole_at(since=watch.away_at(since=deed.began) or deed.began)
    return _edge_back(deed) if deed.takes_edge else settled


def _edge_back(deed: Deed) -> float:
    """When the edge answered again; never, where it did not."""
    return float(deed.job.result()) if deed.job and deed.job.done() and not deed.error else float("inf")
