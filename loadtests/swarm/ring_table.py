"""The measured shares beside the predicted ones, as text and for locust's web page. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loadtests.swarm.ring import Ring

COLUMNS = {
    "server": "Server",
    "requests": "# Requests",
    "measured": "Measured share (%)",
    "predicted": "Predicted share (%)",
    "difference": "Difference (percentage points)",
}


@dataclass(frozen=True, slots=True)
class RingTable:
    """`servers`: server → its answers. `ring` is the one of now; `changed`: whether it was another when the run began,
    and so predicts what comes, not what was. A server that is on the ring no more is predicted nothing."""

    servers: Mapping[str, int]
    ring: Ring
    changed: bool = False

    @property
    def rows(self) -> list[dict[str, Any]]:
        """By COLUMNS. Those on the ring in the order of joining, then those that are gone."""
        total, shares = max(1, self.requests), self.ring.shares
        rows = []
        for name in [*shares, *sorted(self.servers.keys() - shares.keys())]:
            count, predicted = self.servers.get(name, 0), 100 * shares.get(name, 0.0)
            figures = {
                "measured": 100 * count / total,
                "predicted": predicted,
                "difference": 100 * count / total - predicted,
            }
            told = {column: round(figure, 2) for column, figure in figures.items()}
            rows.append({"server": name, "requests": count, **told})
        return rows

    @property
    def requests(self) -> int:
        return sum(self.servers.values())

    @property
    def max_over_mean(self) -> float | None:
        """Of all rows, as measured; None where nothing was answered."""
        names = self.ring.shares.keys() | self.servers.keys()
        return max(self.servers.values()) * len(names) / self.requests if self.requests else None

    @property
    def title(self) -> str:
        changed = "; the ring changed during the run, and the prediction is for what comes now" if self.changed else ""
        return f"{self.ring}{changed}"

    def page_rows(self) -> list[dict[str, Any]]:
        """For locust's page, which shows them as they are."""
        measured, predicted = self._ratios("")
        return [
            *self.rows,
            {"server": "max / mean", "requests": "", "measured": measured, "predicted": predicted},
            {"server": self.title, "requests": self.requests},
        ]

    def __str__(self) -> str:
        line = "{server:<24}{requests:>10}{measured:>11.2f}%{predicted:>11.2f}%{difference:>+11.2f} pp"
        measured, predicted = self._ratios("-")
        return "\n".join(
            [
                f"Ring: {self.title}",
                f"{'server':<24}{'requests':>10}{'measured':>12}{'predicted':>12}{'difference':>14}",
                *(line.format(**row) for row in self.rows),
                f"{'max / mean':<34}{measured:>12}{predicted:>12}",
            ]
        )

    def _ratios(self, nothing: str) -> tuple[str, ...]:
        """Measured and predicted."""
        ratios = (self.max_over_mean, self.ring.max_over_mean)
        return tuple(nothing if ratio is None else f"{ratio:.3f}" for ratio in ratios)
