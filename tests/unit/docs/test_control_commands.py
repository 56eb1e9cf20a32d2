"""Every curl line for the control port in README.md, docs/fleet.md and docs/operations.md is one that works."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from tests.unit.balancer.in_memory import InMemoryBalancer, control_app

PROJECT = Path(__file__).parents[3]
PAGES = ("README.md", "docs/fleet.md", "docs/operations.md")
CONTROL = "http://127.0.0.1:5001"


def commands(page: str) -> set[str]:
    """Inline ones and those in blocks, without their comments."""
    text = (PROJECT / page).read_text(encoding="utf-8")
    inline = re.findall(r"`(curl [^`]*)`", text)
    in_blocks = re.findall(r"^(curl .*?)(?:\s+#.*)?$", text, re.MULTILINE)
    return {command for command in (*inline, *in_blocks) if CONTROL in command}


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_answered(page: str) -> None:
    assert len(commands(page)) >= 4
    for command in commands(page):
        words = shlex.split(command)
        (url,) = [word for word in words if word.startswith("http")]
        options = dict(pairwise(words))
        if options.get("-H", "").startswith("Accept: text/event-stream"):
            continue  # It never ends: tests/unit/balancer/http/test_event_stream.py has its own.
        method = options.get("-X", "POST" if "-d" in options else "GET")
        balancer = InMemoryBalancer().started()
        if method == "DELETE":
            balancer.rollout.begin({})
        client = control_app(balancer).test_client()
        answer = client.open(url.removeprefix(CONTROL), method=method, data=options.get("-d"))
        assert answer.status_code in (200, 202), f"{command}: {answer.get_data(as_text=True)}"
