"""What the README shows after `make up`, run as it stands there on the system that `make up` made."""

from __future__ import annotations

import os
import re
import shlex
import subprocess

import pytest

from tests.deployment import PROJECT
from tests.infra.make import MadeSystem
from tests.readme import blocks, console_examples

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]


def test_the_curl_lines_print_what_the_readme_says(system: MadeSystem) -> None:
    examples = console_examples()
    assert len(examples) == 3
    for command, printed in examples:
        words = [word.replace("http://127.0.0.1:5000", system.url) for word in shlex.split(command)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        assert _any_server(done.stdout.rstrip("\n")) == _any_server(printed)


def test_the_commands_that_watch_answer(system: MadeSystem) -> None:
    (block,) = (block for block in blocks("sh") if "ringmaster status" in block)
    lines = [shlex.split(line, comments=True) for line in block.splitlines()]
    commands = [words for words in lines if words[0] == ".venv/bin/ringmaster"]
    assert len(commands) == 4
    for command in commands:
        once = [word for word in command if word != "--watch"]
        environment = os.environ | {"RINGMASTER_URL": system.control_url}
        done = subprocess.run(once, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout


def _any_server(printed: str) -> str:
    """Which of the three says hello is the ring's business."""
    return re.sub(r"(?<=Hello from Server: )S[123]\b", "S?", printed)
