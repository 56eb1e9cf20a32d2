"""What one act has led to, as the record and the table have it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.chaos.ledger import Tally

RETRY_BUDGET = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`after`: seconds since the chaos began. `off_ring`: seconds from the fault until the server was off the ring;
    `whole`: until N servers served again, or until a call was carried out; both None where other acts came between.
    `answers`: to each call. `posts_repeated`: those that went to two servers. `broken`: what must not be so;
    `over_budget`: more than RETRY_BUDGET of a second's requests were repeated for one crash."""

    number: int
    kind: str
    says: str
    after: float
    off_ring: float | None
    whole: float | None
    answers: Sequence[str] = ()
    tally: Tally
    posts_repeated: Sequence[str] = ()
    broken: Sequence[str] = ()
    over_budget: bool = False

    @property
    def faults(self) -> list[str]:
        """Everything about it that makes the run a failure."""
        share = f"{self.tally.worst_share:.1%} of a second's requests were repeated"
        return [*self.losses, share] if self.over_budget else self.losses

    @property
    def losses(self) -> list[str]:
        """What was lost or is wrong, however busy this machine was."""
        lost = [f"{count} idempotent requests failed: {cause}" for cause, count in self.tally.failed.items()]
        twice = [f"POST {post} was sent to more than one server" for post in self.posts_repeated]
        return [*lost, *twice, *self.broken]

    def __str__(self) -> str:
        """One line of progress."""
        times = [
            f"{name} {seconds:.2f} s"
            for name, seconds in (("off the ring", self.off_ring), ("whole", self.whole))
            if seconds is not None
        ]
        counts = [
            f"{count} {name}"
            for name, count in (
                ("repeated", self.tally.repeated),
                ("POSTs failed", self.tally.posts),
                ("begun", self.tally.begun),
                ("failed without edge", self.tally.edge_away),
            )
            if count
        ]
        failures = [f"FAILURE: {fault}" for fault in self.faults]
        told = [
            f"{self.number:4} {self.after:7.1f} s  {self.kind}: {self.says}",
            *times,
            *counts,
            *self.answers,
            *failures,
        ]
        return "; ".join(told)
