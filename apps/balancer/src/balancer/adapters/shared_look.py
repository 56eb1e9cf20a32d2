"""A look that callers share: whoever asks while one is under way gets the next one, as does everybody until then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedLook(Generic[T]):
    """What a caller gets was begun after the call, as if it had looked itself. Of many callers at once, two looks are
    made. An error is everybody's who waited for it."""

    def __init__(self, look: Callable[[], T]) -> None:
        self._look = look
        self._under_way = threading.Lock()
        self._lock = threading.Lock()
        self._next: Future[T] | None = None
        """The look that has not begun yet."""

    def __call__(self) -> T:
        with self._lock:
            waits = self._next is not None
            mine = self._next = self._next or Future()
        if not waits:
            with self._under_way:
                with self._lock:
                    self._next = None
                try:
                    mine.set_result(self._look())
                except BaseException as error:  # whoever waits must not wait for ever
                    mine.set_exception(error)
        return mine.result()
