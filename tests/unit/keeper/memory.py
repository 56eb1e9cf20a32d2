"""Revisions in memory."""

from __future__ import annotations

from balancer.core.errors import StateUnavailable, Superseded


class Memory:
    """`away`: why it does not answer; empty while it does."""

    def __init__(self) -> None:
        self.saved: list[bytes] = []
        self.away = ""

    def newest(self) -> tuple[int, bytes] | None:
        if self.away:
            raise StateUnavailable(self.away)
        return (len(self.saved), self.saved[-1]) if self.saved else None

    def replace(self, expected: int, content: bytes) -> int:
        if expected != len(self.saved):
            raise Superseded("another balancer was faster")
        self.saved.append(content)
        return len(self.saved)
