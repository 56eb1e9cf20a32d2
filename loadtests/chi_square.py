"""Pearson's chi-square test: are counts what their expected values say? Exact tail, standard library only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

FEW = 5.0
"""Expected counts below this are put together: the statistic follows its distribution only above."""


@dataclass(frozen=True, slots=True)
class Fit:
    """`p`: how likely counts at least as far from the expected ones are, if those are right."""

    statistic: float
    degrees: int
    p: float


def fit(counts: Sequence[int], expected: Sequence[float]) -> Fit:
    """Σ (count - expected)² / expected over classes; a class of which nothing is expected must have nothing. Where
    nothing at all is expected, counts tell nothing, and p is nan."""
    if any(count and not share for count, share in zip(counts, expected, strict=True)):
        return Fit(math.inf, len(counts) - 1, 0.0)
    classes = _merged([(count, share) for count, share in zip(counts, expected, strict=True) if share])
    if not classes:
        return Fit(0.0, 0, math.nan)
    statistic = sum((count - share) ** 2 / share for count, share in classes)
    return Fit(statistic, len(classes) - 1, tail(statistic, len(classes) - 1))


def tail(statistic: float, degrees: int) -> float:
    """P(χ² > statistic) by the recurrence Q(x; k + 2) = Q(x; k) + (x/2)^(k/2) e^(-x/2) / Γ(k/2 + 1)."""
    half = statistic / 2
    if degrees == 0 or half == 0:
        return 1.0
    start = 2 if degrees % 2 == 0 else 1
    probability = math.exp(-half) if start == 2 else math.erfc(math.sqrt(half))
    for k in range(start, degrees, 2):
        probability += math.exp(k / 2 * math.log(half) - half - math.lgamma(k / 2 + 1))
    return probability


def _merged(classes: list[tuple[int, float]]) -> list[tuple[int, float]]:
    few = [pair for pair in classes if pair[1] < FEW]
    enough = [pair for pair in classes if pair[1] >= FEW]
    if not few:
        return enough
    together = (sum(count for count, _ in few), sum(share for _, share in few))
    return [*enough, together]
