"""The table over all acts of a run, kind by kind. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from loadtests.chaos.outcome import Outcome
from loadtests.ring import markdown


def table(outcomes: Sequence[Outcome], kinds: Iterable[str]) -> str:
    """Markdown: a row for each of `kinds` that occurred, and one for all."""
    rows = {kind: _row([outcome for outcome in outcomes if outcome.kind == kind]) for kind in kinds}
    shown = {kind: row for kind, row in rows.items() if row["count"] != "0"}
    return markdown.table("Chaos", {**shown, "all": _row(outcomes)}, first="fault or call")


def _row(outcomes: Sequence[Outcome]) -> dict[str, str]:
    tallies = [outcome.tally for outcome in outcomes]
    causes: Counter[str] = Counter()
    for tally in tallies:
        causes.update(tally.failed)
    return {
        "count": str(len(outcomes)),
        "requests": str(sum(tally.requests for tally in tallies)),
        "failed": " ".join([str(causes.total()), *(f"({cause}: {count})" for cause, count in causes.most_common())]),
        "answer begun": str(sum(tally.begun for tally in tallies)),
        "edge away": str(sum(tally.edge_away for tally in tallies)),
        "POSTs failed": str(sum(tally.posts for tally in tallies)),
        "POSTs sent twice": str(sum(len(outcome.posts_repeated) for outcome in outcomes)),
        "repeated": str(sum(tally.repeated for tally in tallies)),
        "worst second": f"{max((o.tally.worst_share for o in outcomes if o.whole is not None), default=0):.1%}",
        "off the ring": _times([outcome.off_ring for outcome in outcomes]),
        "whole again": _times([outcome.whole for outcome in outcomes]),
    }


def _times(seconds: Iterable[float | None]) -> str:
    """Median and longest."""
    known = [each for each in seconds if each is not None]
    return f"{median(known):.2f} s, {max(known):.2f} s" if known else "—"
