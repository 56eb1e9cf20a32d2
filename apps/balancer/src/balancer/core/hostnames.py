"""Hostnames of servers: which are valid, which count as the same, and how one is generated."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

VALID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,62}", re.ASCII)
RULE = "2 to 63 letters, digits, '_' or '-', a letter or digit first"
RESERVED = ("ringmaster-edge", "ringmaster-balancer", "ringmaster-keeper")
"""Names of a deployment's own parts, which no server may have."""

_LETTERS = "bcdfghjkmnpqrtvwxz"
_DIGITS = "23456789"
_SHAPE = (_LETTERS, _LETTERS, _DIGITS, _LETTERS, _DIGITS, _LETTERS)


def is_hostname(name: str) -> bool:
    return VALID.fullmatch(name) is not None


def canonical(name: str) -> str:
    """The form in which two hostnames are equal when they count as the same: DNS ignores case."""
    return name.lower()


def generate(taken: Collection[str], choose: Callable[[str], str]) -> str:
    """A hostname such as `kd4r7w` that is not taken. `choose` picks one character of a string.

    It has two letters before the first digit and no vowels, so it is never a word and never of the forms S4, server4 or
    Server4.
    """
    used = {canonical(name) for name in taken}
    while True:
        name = "".join(choose(characters) for characters in _SHAPE)
        if name not in used:
            return name
