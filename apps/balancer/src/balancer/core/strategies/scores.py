"""Scores of the strategy `table`: 64-bit hashes of 64-bit numbers, one or many at once.

`mix` is the splitmix64 finaliser (Steele, Lea, Flood 2014). `mix_all` computes the same for a whole list: the numbers
are lanes of one large integer, and each of its operations is one of Python's on all lanes. A lane has 128 bits, so
that the product of two numbers stays in it. Measured in docs/decisions/0037-placement-without-numpy.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15
_FACTORS = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_SHIFTS = 30, 27, 31

_LANES = 1024
"""So many numbers at once: they and what is made of them stay in the processor's cache."""
_LAYOUT = Struct("<" + "Q8x" * _LANES)
_EVERY = int.from_bytes(_LAYOUT.pack(*[1] * _LANES), "little")
"""1 in every lane. Times a number, it is that number in every lane."""


def mix(value: int) -> int:
    value = (value + _STEP) & _MASK
    value = ((value ^ (value >> _SHIFTS[0])) * _FACTORS[0]) & _MASK
    value = ((value ^ (value >> _SHIFTS[1])) * _FACTORS[1]) & _MASK
    return value ^ (value >> _SHIFTS[2])


def mix_all(values: Sequence[int]) -> list[int]:
    """[mix(value) for value in values], in a quarter of the time."""
    mixed: list[int] = []
    for at in range(0, len(values), _LANES):
        part = values[at : at + _LANES]
        lanes = int.from_bytes(_LAYOUT.pack(*part, *[0] * (_LANES - len(part))), "little")
        mixed += _LAYOUT.unpack(_mixed(lanes).to_bytes(_LAYOUT.size, "little"))
    return mixed[: len(values)]


def _mixed(lanes: int, *, step: int = _EVERY * _STEP, mask: int = _EVERY * _MASK) -> int:
    """`mix` in every lane. What a shift brings from the next lane is masked."""
    lanes = (lanes + step) & mask
    lanes = ((lanes ^ (lanes >> _SHIFTS[0] & mask)) * _FACTORS[0]) & mask
    lanes = ((lanes ^ (lanes >> _SHIFTS[1] & mask)) * _FACTORS[1]) & mask
    return lanes ^ (lanes >> _SHIFTS[2] & mask)
