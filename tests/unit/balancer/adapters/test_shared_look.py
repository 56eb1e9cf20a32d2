"""Callers that look at once share a look, and nobody gets one that began before the call."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from balancer.adapters.shared_look import SharedLook
from tests.polling import until


class Look:
    """Each look waits until it may end, and tells its number."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_end = threading.Semaphore(0)
        self.error: Exception | None = None

    def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        assert self.may_end.acquire(timeout=30)
        if self.error:
            raise self.error
        return number


class CountedLock:
    """A lock that counts how often it was let go."""

    def __init__(self) -> None:
        self.passed = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.passed += 1
        self._lock.release()


def test_who_comes_while_a_look_is_under_way_gets_the_next_one_together_with_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    look, lock = Look(), CountedLock()
    shared = SharedLook(look)
    monkeypatch.setattr(shared, "_lock", lock)
    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(shared)
        until(lambda: look.begun == 1, "the first look is under way", within=10)
        others = [threads.submit(shared) for _ in range(5)]
        until(lambda: lock.passed == 2 + 5, "all others have come", within=10)
        assert not any(other.done() for other in others)
        look.may_end.release(2)
        assert [first.result(), *(other.result() for other in others)] == [1, 2, 2, 2, 2, 2]


def test_one_after_the_other_looks_for_itself() -> None:
    look = Look()
    look.may_end.release(2)
    shared = SharedLook(look)
    assert [shared(), shared()] == [1, 2]


def test_an_error_is_everybodys_and_the_next_look_is_a_new_one() -> None:
    look = Look()
    look.may_end.release(2)
    look.error = ValueError("away")
    shared = SharedLook(look)
    with pytest.raises(ValueError, match="away"):
        shared()
    look.error = None
    assert shared() == 2
