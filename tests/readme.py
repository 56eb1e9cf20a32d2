"""The README's examples, for the tests that run them unchanged."""

from __future__ import annotations

import re

from tests.deployment import PROJECT

README = (PROJECT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def console_examples() -> list[tuple[str, str]]:
    """(command, its output), in the order of the README."""
    (block,) = blocks("console")
    return [(lines[0], "\n".join(lines[1:])) for part in block.split("$ ")[1:] if (lines := part.splitlines())]
