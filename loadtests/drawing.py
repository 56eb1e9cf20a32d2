"""How figures look, and their files: an SVG is the same to the byte on every machine, and small."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
}
"""Colours that the colour-blind can tell apart (Okabe and Ito 2008)."""
PALE = "#E4E4E4"

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "ringmaster",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
    "legend.frameon": False,
    "path.simplify": False,
}

_DOTS_PER_INCH = 150
_OFF_THE_EDGE = 1 + 1e-7
"""Much in a layout is half-way between two roundings, and would fall to either side by a processor's last bit."""

_NUMBER = re.compile(r"-?\d+\.\d+")
_OUTLINE = re.compile(r'(?<= d=")[^"]*')
_PEN = re.compile(r"\s*([MLQCz])\s*")
_ID = re.compile(r'(?<=id=")[a-z]+[0-9a-f]{10}(?=")')


def svg(figure: Figure) -> str:
    """Four digits of every number are enough; made-up names become short ones, in order."""
    written = io.StringIO()
    with mpl.rc_context(STYLE):
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    _, head, text = written.getvalue().partition("<svg")
    text = _NUMBER.sub(lambda number: f"{float(number[0]) * _OFF_THE_EDGE:.4g}", head + text)
    text = _OUTLINE.sub(lambda outline: _PEN.sub(r"\1", outline[0]), text)
    for count, name in enumerate(dict.fromkeys(_ID.findall(text))):
        text = text.replace(name, f"i{count}")
    return "".join(line.rstrip() + "\n" for line in text.splitlines())


def save(figure: Figure, path: Path) -> None:
    """As PNG and as SVG; `path` without what tells the kind."""
    with mpl.rc_context(STYLE):
        figure.savefig(f"{path}.png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    Path(f"{path}.svg").write_text(svg(figure), encoding="utf-8")


def stroke(axes: Axes, lines: Sequence[Sequence[tuple[float, float]]], *, colour: str, width: float) -> None:
    """Lines from point to point, all of them as one path: a figure of slots has thousands."""
    if lines:
        codes = [code for line in lines for code in (Outline.MOVETO, *[Outline.LINETO] * (len(line) - 1))]
        path = Outline([point for line in lines for point in line], codes)
        axes.add_patch(PathPatch(path, fill=False, edgecolor=colour, linewidth=width, capstyle="butt", clip_on=False))
