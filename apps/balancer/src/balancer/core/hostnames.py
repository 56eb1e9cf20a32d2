"""Hostnames of servers: what is valid, what counts as the same, how one is made up."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

VALID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,62}", re.ASCII)
RULE = "2 to 63 letters, digits, '_' or '-', a letter or digit first"

_LETTERS = "bcdfghjkmnpqrtvwxz"
_DIGITS = "23456789"
_SHAPE = (_LETTERS, _LETTERS, _DIGITS, _LETTERS, _DIGITS, _LETTERS)


def is_hostname(name: str) -> bool:
    return VALID.fullmatch(name) is not None


def canonical(name: str) -> str:
    """What two names share when they are the same name: DNS does not tell cases apart."""
    return name.lower()


def generate(taken: Collection[str], choose: Callable[[str], str]) -> str:
    """A name such as `kd4r7w` that is not taken; `choose` picks one character of a string.

    Two letters before the first digit and no vowels: never of the forms S4, server4 or Server4, and never a word.
    """
    used = {canonical(name) for name in taken}
    while True:
        name = "".join(choose(characters) for characters in _SHAPE)
        if name not in used:
            return name
