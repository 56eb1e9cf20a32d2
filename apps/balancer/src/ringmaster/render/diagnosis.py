"""The findings of the doctor as a picture: a word for each that no colour is needed to tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from rich.console import Group, RenderableType
from rich.text import Text

from ringmaster.render import words


class Finding(Protocol):
    @property
    def what(self) -> str: ...
    @property
    def verdict(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def remedy(self) -> str: ...


_STYLES: Mapping[str, str] = {"well": words.GOOD, "note": words.POOR, "wrong": words.BAD}


def diagnosis(findings: Sequence[Finding]) -> RenderableType:
    return Group(*_lines(findings))


def _lines(findings: Sequence[Finding]) -> Iterator[Text]:
    for finding in findings:
        yield words.line(
            (f"{finding.verdict:<6}", _STYLES[finding.verdict]), (f"{finding.what:<12} ", "bold"), finding.detail
        )
        if finding.remedy:
            yield words.line((f"{'→':>6} ", words.GOOD), finding.remedy)
