"""The counts of keys: by slot, and who is heavy."""

from __future__ import annotations

import pytest

from balancer.core.traffic import MOST_HEAVY, NOTHING_COUNTED, CountedKey, KeyCounts, key_hash


def counts(*keys: tuple[int, str, int]) -> KeyCounts:
    return KeyCounts(1 / 16, tuple(CountedKey(*key) for key in keys))


@pytest.mark.parametrize(("key", "expected"), [(b"alice", "753a727d"), ('böb "x" y=z'.encode(), "3f942b0c")])
def test_the_hash_of_a_key_is_what_haproxy_makes_of_it(key: bytes, expected: str) -> None:
    """The expected ones are HAProxy 3.0's."""
    assert key_hash(key) == expected


def test_slots_are_counted_in_their_order() -> None:
    seen = counts((71, "a", 3), (5, "b", 2), (71, "c", 4))
    assert list(seen.by_slot().items()) == [(5, 2), (71, 7)]
    assert seen.counted == 9


def test_heavy_keys_have_a_hundredth_at_least() -> None:
    seen = counts((1, "a", 90), (2, "b", 9), (3, "c", 1), (4, "d", 100), (5, "e", 700), (6, "f", 101))
    assert [key.key for key in seen.heavy()] == ["e", "f", "d", "a"]


def test_only_the_heaviest_are_told() -> None:
    seen = counts(*[(slot, f"{slot:08x}", 10 + slot) for slot in range(50)])
    assert [key.slot for key in seen.heavy()] == list(range(49, 49 - MOST_HEAVY, -1))


def test_where_nothing_was_counted_there_is_nothing_heavy() -> None:
    assert NOTHING_COUNTED.heavy() == ()
    assert (NOTHING_COUNTED.counted, NOTHING_COUNTED.by_slot()) == (0, {})
