"""Turns: at most so many requests are at a server at once, and the others wait in this process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class NoTurn(Exception):
    """The server had its most requests for too long."""


class Turns:
    """`most`: requests at a server at once, 0 for any number. `timeout`: seconds that a request waits."""

    def __init__(self, *, most: int, timeout: float) -> None:
        self._most = most
        self._timeout = timeout
        self._taken: Counter[str] = Counter()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, instance: str) -> Iterator[None]:
        """Waits for a turn at the server, which lasts until the block ends. Raises NoTurn."""
        if not self._most:
            yield
            return
        with self._changed:
            if not self._changed.wait_for(lambda: self._taken[instance] < self._most, self._timeout):
                raise NoTurn(instance)
            self._taken[instance] += 1
        try:
            yield
        finally:
            with self._changed:
                self._taken[instance] -= 1
                if not self._taken[instance]:
                    del self._taken[instance]
                self._changed.notify_all()
