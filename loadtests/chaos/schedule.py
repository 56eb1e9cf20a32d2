"""Which faults and calls come in which order: all of it follows from a seed. Nothing is done here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

HASTY = 0.5
"""How often the next act does not wait until the fleet is whole again."""
SHORTEST, LONGEST = 0.02, 0.8
"""Seconds until the next act after a hasty one."""


@dataclass(frozen=True, slots=True)
class Act:
    """`dice` seeds whatever the act chooses, its victim for one. `pause`: seconds until the next act, which then finds
    the fleet still in disorder; None: it waits until the fleet is whole again."""

    number: int
    kind: str
    dice: int
    pause: float | None


def schedule(weights: Mapping[str, int], *, seed: int, count: int, alone: frozenset[str] = frozenset()) -> list[Act]:
    """`count` acts of the kinds of `weights`, in proportion to them. Of those `alone` nothing is to blur the view: they
    find a whole fleet and leave one. The same seed gives the same acts, and a longer schedule begins as a shorter one.
    """
    chance = Random(seed)  # noqa: S311 (a schedule, no secret)
    kinds = _kinds(weights, chance)
    acts: list[Act] = []
    kind = next(kinds)
    for number in range(1, count + 1):
        after = next(kinds)
        hasty, pause, dice = chance.random() < HASTY, chance.uniform(SHORTEST, LONGEST), chance.getrandbits(32)
        may_be_hasty = number < count and not {kind, after} & alone
        acts.append(Act(number, kind, dice, pause if hasty and may_be_hasty else None))
        kind = after
    return acts


def _kinds(weights: Mapping[str, int], chance: Random) -> Iterator[str]:
    """Shuffled decks with each kind as often as it weighs; every deck begins with one of each, so that a short schedule
    has them all."""
    while True:
        once = [kind for kind, weight in weights.items() if weight]
        rest = [kind for kind, weight in weights.items() for _ in range(weight - 1)]
        chance.shuffle(once)
        chance.shuffle(rest)
        yield from once
        yield from rest
