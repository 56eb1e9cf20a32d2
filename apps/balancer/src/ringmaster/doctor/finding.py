"""A finding: one thing that was looked at, and how it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    WELL = "well"
    NOTE = "note"  # nothing is wrong, but somebody may want to know
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` was looked at. `remedy`: what to do, empty where nothing is to be done."""

    what: str
    verdict: Verdict
    detail: str
    remedy: str = ""

    @property
    def is_wrong(self) -> bool:
        return self.verdict is Verdict.WRONG

    def document(self) -> dict[str, Any]:
        return asdict(self)


def well(what: str, detail: str) -> Finding:
    return Finding(what, Verdict.WELL, detail)


def note(what: str, detail: str, remedy: str = "") -> Finding:
    return Finding(what, Verdict.NOTE, detail, remedy)


def wrong(what: str, detail: str, remedy: str) -> Finding:
    return Finding(what, Verdict.WRONG, detail, remedy)
