"""docs/figures shows what the code computes today, to the byte."""

from __future__ import annotations

import re

import pytest

from loadtests.ring.figures import FIGURES, FOLDER, drawn
from tests.screenshots import LARGEST, PICTURES


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_what_the_code_draws(name: str) -> None:
    assert drawn(name) == (FOLDER / f"{name}.svg").read_text(encoding="utf-8"), "run: make figures"


def test_no_figure_is_left_over_or_large() -> None:
    drawings, pictures = {f"{name}.svg" for name in FIGURES}, {f"page-{name}.png" for name in PICTURES}
    assert {path.name for path in FOLDER.iterdir()} == drawings | pictures
    assert all((FOLDER / name).stat().st_size < 100_000 for name in drawings)
    assert all((FOLDER / name).stat().st_size <= LARGEST for name in pictures)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_a_white_ground_and_no_date(name: str) -> None:
    text = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert "fill: #ffffff" in text[: text.index('id="axes_1"')]
    assert not re.search("dc:date|[0-9]{4}-[0-9]{2}-[0-9]{2}", text)
