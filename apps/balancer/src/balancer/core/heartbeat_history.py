"""The heartbeat history of one server. It says when missed heartbeats make the server silent."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatHistory:
    """Heartbeats of one server are numbered in the order of sending. They overlap, so their results come in any order.
    The server is silent when `strikes` heartbeats were missed that were sent after the newest answered one."""

    strikes: int
    answered: int = 0
    """The number of the newest answered heartbeat."""
    missed: tuple[int, ...] = ()
    """The numbers of the newest heartbeats that were missed after `answered`, at most twice `strikes` of them."""

    def with_result(self, number: int, *, alive: bool) -> HeartbeatHistory:
        """The history with one more result. A miss counts only while no later heartbeat is answered."""
        if alive:
            newest = max(self.answered, number)
            if not self.missed:
                return HeartbeatHistory(strikes=self.strikes, answered=newest)
            return replace(self, answered=newest, missed=tuple(miss for miss in self.missed if miss > newest))
        if number < self.answered:
            return self
        return replace(self, missed=tuple(sorted({*self.missed, number})[-2 * self.strikes :]))

    @property
    def is_silent(self) -> bool:
        return len(self.missed) >= self.strikes

    @property
    def is_long_silent(self) -> bool:
        return len(self.missed) >= 2 * self.strikes

    @property
    def is_answering(self) -> bool:
        return self.answered > 0 and not self.is_silent
