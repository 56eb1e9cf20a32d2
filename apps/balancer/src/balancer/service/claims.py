"""Claims: the instances that one thread is starting or removing right now, so that no other thread touches them."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager


class Claims:
    """Claims are held by instance. Any thread may claim instances and ask for all claims."""

    def __init__(self) -> None:
        self._instances: set[str] = set()
        self._lock = threading.Lock()

    @property
    def instances(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._instances)

    @contextmanager
    def hold(self, instances: Collection[str]) -> Iterator[None]:
        """The instances are claimed while the block runs."""
        with self._lock:
            self._instances.update(instances)
        try:
            yield
        finally:
            with self._lock:
                self._instances.difference_update(instances)
