"""The table of all families, for docs/metrics.md: python -m balancer.adapters.prometheus.table prints it."""

from __future__ import annotations

import sys

from balancer.adapters.prometheus.families import KEPT, READ
from balancer.adapters.prometheus.family import Family


def markdown() -> str:
    rows = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
    rows += [f"| `{family.name}` | {family.type} | {_labels(family)} | {family.text} |" for family in (*READ, *KEPT)]
    return "\n".join(rows)


def _labels(family: Family) -> str:
    return "; ".join(
        f"`{name}`: {', '.join(values)}" if values else f"`{name}`" for name, values in family.labels.items()
    )


if __name__ == "__main__":
    sys.stdout.write(markdown() + "\n")
