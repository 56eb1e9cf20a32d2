"""What is known of one server's heartbeats, and when missed ones make the server count as failed."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatHistory:
    """Heartbeats of one server are numbered in the order of sending. They overlap, so their results come in any order.
    The server has failed when `strikes` heartbeats were missed that were sent after the newest answered one."""

    strikes: int
    answered: int = 0
    """The number of the newest answered heartbeat."""
    missed: tuple[int, ...] = ()
    """The numbers of the newest missed heartbeats after that one: at most `strikes` of them."""

    def with_result(self, number: int, *, alive: bool) -> HeartbeatHistory:
        """The history with the result of one more heartbeat. A miss counts only if no later heartbeat was answered."""
        if alive:
            newest = max(self.answered, number)
            return replace(self, answered=newest, missed=tuple(miss for miss in self.missed if miss > newest))
        if number < self.answered:
            return self
        return replace(self, missed=tuple(sorted({*self.missed, number})[-self.strikes :]))

    @property
    def has_failed(self) -> bool:
        return len(self.missed) >= self.strikes
