"""When does a heartbeat count as missed, and when do missed ones make a server count as dead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What is known of one server's heartbeats, which are numbered in the order of sending and overlap: their results
    come in any order. It has failed when `strikes` of those sent after the newest good one were missed."""

    strikes: int
    answered: int = 0
    """The number of the newest good one."""
    missed: tuple[int, ...] = ()
    """The numbers of the newest missed ones after it, as many as are needed to tell."""

    def beat(self, number: int, *, alive: bool) -> Pulse:
        """With the result of one more heartbeat. A miss tells nothing when a later one was answered already."""
        if alive:
            newest = max(self.answered, number)
            return replace(self, answered=newest, missed=tuple(miss for miss in self.missed if miss > newest))
        if number < self.answered:
            return self
        return replace(self, missed=tuple(sorted({*self.missed, number})[-self.strikes :]))

    @property
    def has_failed(self) -> bool:
        return len(self.missed) >= self.strikes


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a heartbeat may take, all in seconds: `timeout` more than good answers take now, at most `most` times as
    long. On a machine that has far too much to do all servers look hung, and replacing them would add to it.

    What answers take is a mean and twice a spread; both follow the latest of the whole fleet, as TCP's do (RFC 6298).
    As long as nobody at all answers a heartbeat that was sent as late, it may take longest.
    """

    timeout: float
    most: float = 5.0
    mean: float = 0.0
    spread: float = 0.0
    heard: float = -inf
    """When the latest heartbeat was sent that anybody answered well."""

    def answered(self, sent: float, now: float) -> Patience:
        """After one more good answer."""
        seconds = now - sent
        return replace(
            self,
            mean=self.mean + (seconds - self.mean) / 8,
            spread=self.spread + (abs(seconds - self.mean) - self.spread) / 4,
            heard=max(self.heard, sent),
        )

    def ends(self, sent: float) -> float:
        """When a heartbeat that was sent then is missed. Grows with `sent`."""
        longest = self.most * self.timeout
        if sent > self.heard:
            return sent + longest
        return sent + min(self.timeout + self.mean + 2 * self.spread, longest)
