"""JSON objects that users send: what it costs to read large ones. What is refused is tested with the requests."""

from __future__ import annotations

import pytest

from balancer.core import document
from balancer.core.errors import InvalidRequest


class CountedKey(str):
    """A key that counts how often any two keys are compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        CountedKey.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_a_key_given_twice_among_many_is_found_in_linear_time() -> None:
    many = [(CountedKey(f"key-{number}"), 0) for number in range(2000)]
    CountedKey.compared = 0
    with pytest.raises(InvalidRequest, match=r'^"key-1999" is given twice$'):
        document._object([*many, (CountedKey("key-1999"), 0)])
    assert CountedKey.compared < 2 * len(many)
