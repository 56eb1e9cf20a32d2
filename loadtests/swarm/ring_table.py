"""The measured shares beside the predicted ones, as text, as CSV, as JSON and for locust's web page. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
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
class Row:
    """Shares are parts of 1."""

    server: str
    requests: int
    measured: float
    predicted: float

    @property
    def difference(self) -> float:
        return self.measured - self.predicted

    @property
    def percent(self) -> dict[str, str | float]:
        """By COLUMNS."""
        shares = {"measured": self.measured, "predicted": self.predicted, "difference": self.difference}
        rounded = {column: round(100 * share, 2) for column, share in shares.items()}
        return {"server": self.server, "requests": self.requests, **rounded}


@dataclass(frozen=True, slots=True)
class RingTable:
    """`servers`: server → its answers. `ring` is the one of now; `changed`: whether it was another when the run began,
    and so predicts what comes, not what was. A server that is on the ring no more is predicted nothing."""

    servers: Mapping[str, int]
    ring: Ring
    changed: bool = False

    @property
    def rows(self) -> list[Row]:
        """Those on the ring in the order of joining, then those that are gone."""
        shares, total = self.ring.shares, max(1, self.requests)
        counts = {name: self.servers.get(name, 0) for name in [*shares, *sorted(self.servers.keys() - shares.keys())]}
        return [Row(name, count, count / total, shares.get(name, 0.0)) for name, count in counts.items()]

    @property
    def requests(self) -> int:
        return sum(self.servers.values())

    @property
    def max_over_mean(self) -> float | None:
        """Of all rows, as measured; None where nothing was answered."""
        rows = self.rows
        return max(row.requests for row in rows) * len(rows) / self.requests if self.requests else None

    @property
    def title(self) -> str:
        changed = "; the ring changed during the run, and the prediction is for what comes now" if self.changed else ""
        return f"{self.ring}{changed}"

    def page_rows(self) -> list[dict[str, str | float]]:
        """COLUMNS for locust's page, which shows them as they are."""
        measured, predicted = (
            "" if ratio is None else round(ratio, 3) for ratio in (self.max_over_mean, self.ring.max_over_mean)
        )
        return [
            *(row.percent for row in self.rows),
            {"server": "max / mean", "requests": "", "measured": measured, "predicted": predicted},
            {"server": self.title, "requests": self.requests},
        ]

    def csv(self) -> str:
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(row.percent for row in self.rows)
        return text.getvalue()

    def document(self) -> dict[str, Any]:
        """For /ring-stats; shares are parts of 1."""
        return {
            "servers": [asdict(row) | {"difference": row.difference} for row in self.rows],
            "requests": self.requests,
            "max_over_mean": {"measured": self.max_over_mean, "predicted": self.ring.max_over_mean},
            "ring": asdict(self.ring) | {"N": len(self.ring.shares), "changed": self.changed},
        }

    def __str__(self) -> str:
        measured, predicted = (
            "-" if ratio is None else f"{ratio:.3f}" for ratio in (self.max_over_mean, self.ring.max_over_mean)
        )
        return "\n".join(
            [
                f"Ring: {self.title}",
                f"{'server':<24}{'requests':>10}{'measured':>12}{'predicted':>12}{'difference':>14}",
                *(
                    f"{row.server:<24}{row.requests:>10}{row.measured:>12.2%}{row.predicted:>12.2%}"
                    f"{100 * row.difference:>+11.2f} pp"
                    for row in self.rows
                ),
                f"{'max / mean':<34}{measured:>12}{predicted:>12}",
            ]
        )
