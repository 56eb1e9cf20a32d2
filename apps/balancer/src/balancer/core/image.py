"""An image: what its name means now, how far its pull is, and what a name may look like."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?"
_WORD = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DIGEST = r"sha256:[0-9a-f]{64}"
CONTENT = rf"({_DIGEST})?"
"""A content as text; empty while it is unknown."""
_NAME = re.compile(rf"(?:{_HOST}/)?{_WORD}(?:/{_WORD})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(?:@{_DIGEST})?")
_ID = re.compile(rf"{_DIGEST}|[0-9a-f]{{64}}")
PATTERN = rf"{_NAME.pattern}|{_ID.pattern}"
"""Of the name or the id of an image."""
_LONGEST = 512
NAME_RULE = "an image's name or id, such as registry/app:1.2"


@dataclass(frozen=True, slots=True)
class Image:
    """`content`: the image's id, which never means anything else. `digest`: "repository@sha256:…", by which a registry
    gives the same content again; empty for an image that was built here."""

    content: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pull is. `size` and `loaded` are bytes of the layers whose download has begun."""

    layers: int = 0
    layers_done: int = 0
    size: int = 0
    loaded: int = 0

    def __str__(self) -> str:
        if not self.layers:
            return "the registry has not begun to answer"
        return f"{self.layers_done} of {self.layers} layers, {self.loaded / 1e6:.1f} of {self.size / 1e6:.1f} MB"


def is_name(text: str) -> bool:
    """Whether the text can be the name or the id of an image."""
    return len(text) <= _LONGEST and (is_id(text) or _NAME.fullmatch(text) is not None)


def is_id(text: str) -> bool:
    """Whether the text is a whole id. No registry knows an image by its id."""
    return _ID.fullmatch(text) is not None
