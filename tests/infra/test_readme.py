"""What the README shows after `make up`, run as it stands there on the system that `make up` made."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from tests.infra.make import MadeSystem
from tests.readme import console_examples

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]


def test_the_curl_lines_print_what_the_readme_says(system: MadeSystem) -> None:
    examples = console_examples()
    assert len(examples) == 3
    for command, printed in examples:
        words = [word.replace("http://127.0.0.1:5000", system.url) for word in shlex.split(command)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        assert _any_server(done.stdout.rstrip("\n")) == _any_server(printed)


def _any_server(printed: str) -> str:
    """Which of the three says hello is the ring's business."""
    return re.sub(r"(?<=Hello from Server: )S[123]\b", "S?", printed)
