"""How evenly requests were spread over servers, and how well that fits what the ring promised. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from loadtests.chi_square import Fit, fit

_Z = 1.959964
"""The normal distribution's 97.5 % quantile: two-sided 95 % confidence."""


@dataclass(frozen=True, slots=True)
class Spread:
    """`counts`: requests of each server; `predicted`: the share of all requests that the ring promised each, Σ = 1."""

    counts: tuple[int, ...]
    predicted: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.counts or len(self.counts) != len(self.predicted):
            raise ValueError("a spread needs a count and a predicted share for every server, of one server at least")

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> float:
        """Requests a server: always the total over N, however they are spread."""
        return self.total / len(self.counts)

    @property
    def highest(self) -> int:
        return max(self.counts)

    @property
    def lowest(self) -> int:
        return min(self.counts)

    @property
    def deviation(self) -> float:
        """The standard deviation over the servers, all of which were counted: √(Σ (count - mean)² / N)."""
        return math.sqrt(sum((count - self.mean) ** 2 for count in self.counts) / len(self.counts))

    @property
    def max_over_mean(self) -> float:
        """Peak to mean: 1 is even, N is all on one server. Nothing sent counts as even."""
        return self.highest / self.mean if self.total else 1.0

    @property
    def predicted_max_over_mean(self) -> float:
        return max(self.predicted) * len(self.predicted)

    @property
    def fit(self) -> Fit:
        """Pearson's test of the counts against the promise."""
        return fit(self.counts, [share * self.total for share in self.predicted])


def interval(count: int, total: int) -> tuple[float, float]:
    """The 95 % confidence interval of a share of which `count` out of `total` were seen: Wilson's (1927) score
    interval, which holds for shares near 0 and 1, too."""
    if not 0 <= count <= total or total == 0:
        raise ValueError(f"{count} of {total} is no share")
    share = count / total
    scale = 1 + _Z**2 / total
    centre = (share + _Z**2 / (2 * total)) / scale
    half = _Z * math.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2)) / scale
    return max(0.0, centre - half), min(1.0, centre + half)
