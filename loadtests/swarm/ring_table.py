"""The measured shares beside the predicted ones, as text, as CSV, as JSON and for locust's web page. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from loadtests.spread import Spread
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
        names = [*self.ring.shares, *sorted(self.servers.keys() - self.ring.shares.keys())]
        return [self._row(name) for name in names]

    @property
    def requests(self) -> int:
        return sum(self.servers.values())

    @property
    def max_over_mean(self) -> float | None:
        """Of all rows, as measured; None where nothing was answered."""
        if not self.requests:
            return None
        rows = self.rows
        return Spread(tuple(row.requests for row in rows), tuple(row.predicted for row in rows)).max_over_mean

    @property
    def title(self) -> str:
        changed = "; the ring changed during the run, and the prediction is for what comes now" if self.changed else ""
        return f"{self.ring}{changed}"

    def page_rows(self) -> list[dict[str, str | float]]:
        """COLUMNS for locust's page, which shows them as they are: percent, two digits."""
        rows = [_percent(row) for row in self.rows]
        measured, predicted = (
            "" if ratio is None else round(ratio, 3) for ratio in (self.max_over_mean, self.ring.max_over_mean)
        )
        rows.append({"server": "max / mean", "requests": "", "measured": measured, "predicted": predicted})
        rows.append({"server": self.title, "requests": self.requests})
        return rows

    def csv(self) -> str:
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_percent(row) for row in self.rows)
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
        lines = [
            f"Ring: {self.title}",
            f"{'server':<24}{'requests':>10}{'measured':>12}{'predicted':>12}{'difference':>14}",
            *(
                f"{row.server:<24}{row.requests:>10}{row.measured:>12.2%}{row.predicted:>12.2%}"
                f"{100 * row.difference:>+11.2f} pp"
                for row in self.rows
            ),
        ]
        measured, predicted = (
            "-" if ratio is None else f"{ratio:.3f}" for ratio in (self.max_over_mean, self.ring.max_over_mean)
        )
        return "\n".join([*lines, f"{'max / mean':<34}{measured:>12}{predicted:>12}"])

    def _row(self, name: str) -> Row:
        count = self.servers.get(name, 0)
        share = count / self.requests if self.requests else 0.0
        return Row(name, count, share, self.ring.shares.get(name, 0.0))


def _percent(row: Row) -> dict[str, str | float]:
    return {
        "server": row.server,
        "requests": row.requests,
        "measured": round(100 * row.measured, 2),
        "predicted": round(100 * row.predicted, 2),
        "difference": round(100 * row.difference, 2),
    }
