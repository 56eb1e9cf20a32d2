"""A certificate of the data plane, as far as an operator has to know it."""

from __future__ import annotations

from dataclasses import dataclass

SOON = 14 * 86400
"""Seconds before its end from which a certificate should have been renewed."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """`file`: its name in the folder. `names`: the hosts it is for. `serial`: the number that its authority gave it.
    `expires`: seconds since 1970."""

    file: str
    names: tuple[str, ...]
    serial: str
    expires: int

    def is_expired(self, now: float) -> bool:
        return self.expires <= now

    def ends_soon(self, now: float) -> bool:
        return self.expires - now < SOON
