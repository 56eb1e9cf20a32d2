"""Keys drawn at random: each as often as any other, or a few of them most of the time. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import accumulate
from random import Random

_random = Random()  # noqa: S311 (nothing is secret about them)


def uniform(count: int, *, random: Random = _random) -> Callable[[], str]:
    """Draws one of `count` keys."""
    return lambda: _key(random.randrange(count))


def zipf(count: int, exponent: float, *, random: Random = _random) -> Callable[[], str]:
    """Draws by Zipf's law: the n-th most popular of `count` keys comes in proportion to n^-exponent."""
    ranks, weights = range(count), _cumulative(count, exponent)
    return lambda: _key(random.choices(ranks, cum_weights=weights)[0])


def _key(number: int) -> str:
    return f"user-{number}"


@lru_cache(maxsize=1)
def _cumulative(count: int, exponent: float) -> list[float]:
    """The same for all users of a run."""
    return list(accumulate(rank**-exponent for rank in range(1, count + 1)))
