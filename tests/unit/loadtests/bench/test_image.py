"""The images of the benchmark have the edge's HAProxy, and the edge's takes another one by an argument."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.bench.arena import reason
from tests.terraform_root import PROJECT

EDGE = PROJECT / "infra" / "terraform" / "modules" / "ringmaster" / "modules" / "edge" / "image" / "Dockerfile"
BENCH = PROJECT / "loadtests" / "bench" / "image" / "Dockerfile"


def installation(file: Path) -> list[str]:
    """The arguments and the first RUN, without comments."""
    text = "\n".join(line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    before, _, after = text.partition("\nRUN ")
    arguments = [line for line in before.splitlines() if line.startswith("ARG ") and "BASE_IMAGE" not in line]
    command = after.partition("\nRUN ")[0].partition("\nCOPY ")[0].partition("\nFROM ")[0]
    return [*arguments, *(line.strip() for line in command.strip().splitlines() if line.strip())]


def test_both_install_haproxy_in_the_same_words() -> None:
    """So that whichever is built second takes the layer, and with it the same HAProxy, from the engine's cache."""
    assert installation(BENCH) == installation(EDGE)
    assert "ARG HAPROXY=haproxy" in installation(EDGE)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("it failed\n\x1b[91mE:\x1b[0m\x1b[91m No such suite\x1b[0m\x1b[91m\nE: More\x1b[0m", "E: No such suite"),
        ("it failed\nE: No such suite\nmore", "E: No such suite"),
        ("it failed: no space left\n\n", "it failed: no space left"),
    ],
)
def test_the_reason_is_what_apt_complains_of(told: str, expected: str) -> None:
    assert reason(told) == expected
