"""The machine's own clock and chance are what the fakes are like: tests/contract. Here: nothing is predictable."""

from __future__ import annotations

from balancer.adapters.system import SystemRandomness


def test_two_chances_do_not_draw_the_same() -> None:
    characters = "0123456789abcdef"
    draws = ["".join(SystemRandomness().choice(characters) for _ in range(32)) for _ in range(2)]
    assert draws[0] != draws[1]
