"""The table over all actions of a run, kind by kind. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from loadtests.chaos.result import Result
from loadtests.ring import markdown


def table(results: Sequence[Result], actions: Iterable[str]) -> str:
    """Markdown: a row for each of `actions` that occurred, and one for all. `count` is without those that were void."""
    rows = {action: _row([result for result in results if result.action == action]) for action in actions}
    shown = {action: row for action, row in rows.items() if (row["count"], row["void"]) != ("0", "0")}
    return markdown.table("Chaos", {**shown, "all": _row(results)}, first="fault or call")


def _row(results: Sequence[Result]) -> dict[str, str]:
    counts = [result.counts for result in results]
    alone = [result.counts for result in results if result.whole is not None]
    void = sum(result.is_void for result in results)
    causes: Counter[str] = Counter()
    for each in counts:
        causes.update(each.failed)
    return {
        "count": str(len(results) - void),
        "void": str(void),
        "requests": str(sum(each.requests for each in counts)),
        "failed": " ".join([str(causes.total()), *(f"({cause}: {count})" for cause, count in causes.most_common())]),
        "cut": str(sum(each.cut for each in counts)),
        "edge away": str(sum(each.edge_away for each in counts)),
        "POSTs failed": str(sum(each.posts for each in counts)),
        "POSTs sent twice": str(sum(len(result.posts_repeated) for result in results)),
        "repeated": str(sum(each.repeated for each in counts)),
        "worst second": f"{max((each.worst_share for each in alone), default=0):.1%}",
        "longest wait": f"{max((each.slowest for each in counts), default=0):.2f} s",
        "off the ring": _times([result.off_ring for result in results]),
        "whole again": _times([result.whole for result in results]),
    }


def _times(seconds: Iterable[float | None]) -> str:
    """Median and longest."""
    known = [each for each in seconds if each is not None]
    return f"{median(known):.2f} s, {max(known):.2f} s" if known else "—"
