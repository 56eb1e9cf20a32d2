"""A question to the edges, until each of them has answered it or is no longer waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any


class Question:
    """`answers`: node → result. `refusals`: node → why it has none. `done` is set once nobody is waited for."""

    def __init__(self, verb: str, arguments: Mapping[str, Any], nodes: Iterable[str]) -> None:
        self.verb = verb
        self.arguments = arguments
        self.answers: dict[str, Any] = {}
        self.refusals: dict[str, str] = {}
        self.done = asyncio.Event()
        self._waiting = set(nodes)
        self._settle()

    def answer(self, node: str, result: Any) -> None:
        self.answers[node] = result
        self.leave(node)

    def refuse(self, node: str, reason: str) -> None:
        self.refusals[node] = reason
        self.leave(node)

    def leave(self, node: str) -> None:
        """Nobody waits for this node any longer."""
        self._waiting.discard(node)
        self._settle()

    def _settle(self) -> None:
        if not self._waiting:
            self.done.set()
