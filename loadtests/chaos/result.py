"""What one action has led to, as the record and the table have it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.traffic import TrafficCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`after`: seconds since the chaos began. `off_ring`: seconds from the fault until the server was off the ring;
    `whole`: until N servers served again, or until a call was carried out; both None where other actions came between.
    `is_void`: the action did nothing. `answers`: to each call. `wrong`: everything that makes the run a failure."""

    number: int
    action: str
    says: str
    after: float
    off_ring: float | None
    whole: float | None
    is_void: bool = False
    answers: Sequence[str] = ()
    counts: TrafficCounts
    posts_repeated: Sequence[str] = ()
    wrong: Sequence[str] = ()

    def __str__(self) -> str:
        """One line of progress."""
        times = (("off the ring", self.off_ring), ("whole", self.whole))
        counts = (
            ("repeated", self.counts.repeated),
            ("POSTs failed", self.counts.posts),
            ("cut", self.counts.cut),
            ("failed without edge", self.counts.edge_away),
        )
        return "; ".join(
            [
                f"{self.number:4} {self.after:7.1f} s  {self.action}: {self.says}",
                *(["VOID"] if self.is_void else []),
                *(f"{name} {seconds:.2f} s" for name, seconds in times if seconds is not None),
                *(f"{count} {name}" for name, count in counts if count),
                f"longest wait {self.counts.slowest:.2f} s",
                *self.answers,
                *(f"FAILURE: {wrong}" for wrong in self.wrong),
            ]
        )
