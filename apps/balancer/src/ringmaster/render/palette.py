"""Each server's colour and letter. Eight colours that the colour-blind tell apart; letters tell all 64 apart."""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass

from rich.style import Style

_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")
"""Okabe and Ito's, in an order in which neighbours differ most."""
_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "#@"
MOST_BY_COLOUR = len(_COLOURS)
"""Servers that colours alone tell apart."""
NOBODY = "·"
"""The letter of a slot that nobody owns."""


@dataclass(frozen=True, slots=True)
class Mark:
    letter: str
    colour: str

    @property
    def style(self) -> Style:
        """Of the letter, where there are colours."""
        return Style(color="#000000", bgcolor=self.colour)


def marks(hostnames: Iterable[str]) -> dict[str, Mark]:
    """hostname → its mark, by its place in the order."""
    return {
        hostname: Mark(_LETTERS[at % len(_LETTERS)], _COLOURS[at % len(_COLOURS)])
        for at, hostname in enumerate(hostnames)
    }
