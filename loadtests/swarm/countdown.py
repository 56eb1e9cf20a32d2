"""A run that ends after so many requests: counted, not timed. Pure."""

from __future__ import annotations

from collections.abc import Callable


class Countdown:
    """Exactly `requests` may be sent, by all users of this process together; `at_end` is called once, when the last one
    of them has ended."""

    def __init__(self, requests: int, at_end: Callable[[], object]) -> None:
        self._unsent = self._unended = requests
        self._at_end = at_end

    def take(self) -> bool:
        """Whether one more may be sent. Whoever takes it calls `ended` afterwards, however it went."""
        if self._unsent == 0:
            return False
        self._unsent -= 1
        return True

    def ended(self) -> None:
        self._unended -= 1
        if self._unended == 0:
            self._at_end()
