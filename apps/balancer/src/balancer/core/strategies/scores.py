"""The scores of the strategy `table`: 64-bit hashes of 64-bit numbers, one or many at once.

`mix` is the hash: the splitmix64 finaliser (Steele, Lea, Flood 2014). `mixed` is the same for many numbers in a quarter
of the time: they are lanes of one large integer, and Python computes with all of them at once. Lanes are bytes, 16 for
each number, so that the product of two numbers stays in its lane. See docs/decisions/0037-placement-in-pure-python.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack, unpack

LANE = 16
"""Bytes of a lane: a number in little-endian order, and as many zeros."""

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15
_FACTORS = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_SHIFTS = 30, 27, 31

_AT_ONCE = 256
"""So many lanes at once stay in the processor's cache, with what is made of them."""
_ONES = int.from_bytes(pack("<" + "Q8x" * _AT_ONCE, *[1] * _AT_ONCE), "little")
"""1 in every lane: times a number, that number in every lane."""


def mix(value: int) -> int:
    value = (value + _STEP) & _MASK
    value = ((value ^ (value >> _SHIFTS[0])) * _FACTORS[0]) & _MASK
    value = ((value ^ (value >> _SHIFTS[1])) * _FACTORS[1]) & _MASK
    return value ^ (value >> _SHIFTS[2])


def mixed(lanes: bytes, others: bytes = b"") -> bytes:
    """`mix` of every lane; with `others`, of lane ^ other."""
    size = LANE * _AT_ONCE
    parts = (slice(at, at + size) for at in range(0, len(lanes), size))
    return b"".join(_mixed(lanes[part], others[part]) for part in parts)


def _mixed(lanes: bytes, others: bytes, *, steps: int = _ONES * _STEP, mask: int = _ONES * _MASK) -> bytes:
    """`mask` takes away what a sum or a product carries beyond 64 bits, and what a shift brings from the next lane."""
    value = int.from_bytes(lanes, "little") ^ int.from_bytes(others, "little")
    value = (value + steps) & mask
    value = ((value ^ (value >> _SHIFTS[0] & mask)) * _FACTORS[0]) & mask
    value = ((value ^ (value >> _SHIFTS[1] & mask)) * _FACTORS[1]) & mask
    value ^= value >> _SHIFTS[2] & mask
    return value.to_bytes(LANE * _AT_ONCE, "little")[: len(lanes)]


def lanes_of(numbers: Sequence[int]) -> bytes:
    return pack(f"<{'Q8x' * len(numbers)}", *numbers)


def numbers_of(lanes: bytes) -> tuple[int, ...]:
    return unpack(f"<{'Q8x' * (len(lanes) // LANE)}", lanes)
