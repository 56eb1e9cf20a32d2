"""Which faults and calls come in which order: all of it follows from a seed. Nothing is done here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

HASTY = 0.5
"""How often the next action does not wait until the fleet is whole again."""
SHORTEST, LONGEST = 0.02, 0.8
"""Seconds until the next action where it does not."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """`seed`: of whatever the action chooses, its victim for one. `pause`: seconds until the next action, which then
    finds the fleet still in disorder; None: it waits until the fleet is whole again."""

    number: int
    action: str
    seed: int
    pause: float | None


def schedule(
    weights: Mapping[str, int], *, seed: int, count: int, alone: frozenset[str] = frozenset()
) -> list[Scheduled]:
    """`count` of the actions of `weights`, in proportion to them. Those `alone` find a whole fleet and leave one. The
    same seed gives the same schedule, and a longer one begins as a shorter one."""
    chance = Random(seed)  # noqa: S311 (a schedule, no secret)
    names = _names(weights, chance)
    steps: list[Scheduled] = []
    name = next(names)
    for number in range(1, count + 1):
        after = next(names)
        hasty, pause, own_seed = chance.random() < HASTY, chance.uniform(SHORTEST, LONGEST), chance.getrandbits(32)
        may_be_hasty = number < count and not {name, after} & alone
        steps.append(Scheduled(number, name, own_seed, pause if hasty and may_be_hasty else None))
        name = after
    return steps


def _names(weights: Mapping[str, int], chance: Random) -> Iterator[str]:
    """Shuffled rounds with each action as often as it weighs; every round begins with one of each, so that a short
    schedule has them all."""
    while True:
        once = [name for name, weight in weights.items() if weight]
        rest = [name for name, weight in weights.items() for _ in range(weight - 1)]
        chance.shuffle(once)
        chance.shuffle(rest)
        yield from once
        yield from rest
