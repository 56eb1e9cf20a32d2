"""What the actions since the fleet was whole last have led to, and what of it is wrong. Nothing is asked here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import add

from loadtests.chaos.actions import Begun
from loadtests.chaos.expected import FleetState, changed, possible_environments, possible_targets
from loadtests.chaos.refusals import undocumented
from loadtests.chaos.result import Result
from loadtests.faults.bounds import BOUNDS, exceeded, late
from loadtests.faults.watcher import Views
from loadtests.traffic import Request, count

_MANY_VOID, _VOID_SHARE = 3, 0.2
"""A run with at least so many void actions, which are more than this share, has not shown what it should."""


@dataclass(frozen=True, slots=True)
class Done:
    """An action that was begun."""

    number: int
    action: str
    begun: Begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of some actions. `requests`: those that began since the fleet was whole last and before it was
    whole again, at `whole`; None where it was not. `rate`, `posts`: requests and POSTs a second. `wrong`: what was
    found to be wrong already."""

    views: Views
    requests: Sequence[Request]
    whole: float | None
    rate: float
    posts: float
    posts_repeated: Sequence[str] = ()
    wrong: Sequence[str] = ()


def judge(actions: Sequence[Done], evidence: Evidence, *, chaos_began: float) -> list[Result]:
    """A result for each action. Where several came close together, nobody can say what was whose: the bounds are theirs
    together, and what is wrong is told with the last of them."""
    wrong = [*evidence.wrong, *_wrong_answers(actions, evidence), *_wrong_calls(actions, evidence)]
    alone = len(actions) == 1 and evidence.whole is not None
    borders = [0.0, *(done.begun.at for done in actions[1:]), float("inf")]
    results = []
    for done, (since, until) in zip(actions, pairwise(borders), strict=True):
        begun = done.begun
        off, whole = _times(begun, evidence) if alone else (None, None)
        requests = [request for request in evidence.requests if since <= request.ended < until]
        posts = {request.post for request in requests}
        is_last = done is actions[-1]
        results.append(
            Result(
                number=done.number,
                action=done.action,
                says=f"{begun.says} ({begun.error})" if begun.is_void and begun.error else begun.says,
                after=begun.at - chaos_began,
                off_ring=off,
                whole=whole,
                is_void=begun.is_void,
                answers=[f"{call.says}: {call.status}" for call in begun.calls],
                counts=count(requests, rate=evidence.rate, away=_away(begun)),
                posts_repeated=[post for post in evidence.posts_repeated if post in posts],
                wrong=[*wrong, *late(BOUNDS[done.action], off_ring=off, whole=whole)] if is_last else [],
            )
        )
    return results


def too_many_void(results: Sequence[Result]) -> list[str]:
    """A line where more actions did nothing than bad luck explains, and for each kind of which none did anything."""
    void = Counter(result.action for result in results if result.is_void)
    kinds = Counter(result.action for result in results)
    is_much = void.total() >= _MANY_VOID and void.total() > _VOID_SHARE * len(results)
    return [
        *([f"{void.total()} of {len(results)} actions did nothing"] if is_much else []),
        *(f"no {kind} did anything" for kind, number in void.items() if number == kinds[kind] >= _MANY_VOID),
    ]


def wrong_state(
    actions: Sequence[Done], before: FleetState, after: FleetState, *, environments: set[str], configured: FleetState
) -> tuple[list[str], set[str]]:
    """What of the fleet is not as the calls among `actions` have left it, and what a server's environment may be from
    now on; `environments`: what it might be until now. `configured` counts where the state was lost."""
    calls = [call for done in actions for call in done.begun.calls]
    writes = [write for call in calls if (write := call.write)]
    targets = possible_targets(before.target, [(call.delta, call.status) for call in calls])
    lost = configured if any(done.begun.loses_state for done in actions) else None
    possible = possible_environments(environments, writes, stage=after.stage)
    possible |= set(configured.environments.values()) | {""} if lost else set()
    scaled = any(call.delta for call in calls)
    wrong_target = f"N was {before.target} and is {after.target}; possible: {sorted(targets)}"
    stages = [call.stage for call in calls if call.stage] if len(actions) == 1 else []
    wrong = [
        *([] if after.target in targets else [wrong_target]),
        *changed(before, after, writes, environments=possible, scaled=scaled, lost=lost),
        *(f"the deploy ended as {after.stage}, not as {stage}" for stage in stages if stage != after.stage),
    ]
    return wrong, possible


def _wrong_answers(actions: Sequence[Done], evidence: Evidence) -> list[str]:
    bounds = reduce(add, [BOUNDS[done.action] for done in actions[1:]], BOUNDS[actions[0].action])
    away = next((_away(done.begun) for done in actions if done.begun.takes_edge), None)
    counts = count(evidence.requests, rate=evidence.rate, away=away)
    seconds = min(away[1] - away[0], bounds.edge_away) if away else 0.0
    return [
        *exceeded(counts, bounds, rate=evidence.rate, posts=evidence.posts, away=seconds),
        *(f"POST {post} was sent to more than one server" for post in evidence.posts_repeated),
    ]


def _wrong_calls(actions: Sequence[Done], evidence: Evidence) -> list[str]:
    begun = [done.begun for done in actions]
    errors = [each.error for each in begun if each.error and not each.is_void]
    return [*(f"{type(error).__name__}: {error}" for error in errors), *undocumented(begun, evidence.views)]


def _times(begun: Begun, evidence: Evidence) -> tuple[float | None, float | None]:
    """Seconds until the victim was off the ring, and until N servers served again or the call was carried out."""
    if begun.is_void:
        return None, None
    views, off = evidence.views, None
    whole = evidence.whole
    if begun.victim:
        off = views.left_at(begun.victim, since=begun.at)
        whole = views.whole_at(since=off) if off is not None else whole
    elif begun.takes_balancer:
        whole = views.whole_at(since=views.away_at(since=begun.at) or begun.at)
    elif begun.takes_edge:
        whole = begun.edge_back
    return off and off - begun.at, whole and whole - begun.at


def _away(begun: Begun) -> tuple[float, float] | None:
    """From when to when no edge was there."""
    return (begun.at, begun.edge_back) if begun.takes_edge else None
