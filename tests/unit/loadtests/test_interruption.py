"""A long run that is interrupted, at whatever moment: also in the middle of what it says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.deployment import PROJECT

_TALKS = """
import sys
sys.path.insert(0, sys.argv[1])
from loadtests.interruption import interruptible_once
interruptible_once("on the way out")
try:
    while True:
        print("a line", file=sys.stderr, flush=True)
except KeyboardInterrupt:
    print("interrupted", file=sys.stderr, flush=True)
    sys.exit(130)
"""


@pytest.mark.parametrize("_", range(5))
def test_an_interrupt_while_something_is_said_is_one_all_the_same(_: int) -> None:
    with subprocess.Popen([sys.executable, "-c", _TALKS, str(PROJECT)], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert process.stderr.readline() == "a line\n"
        process.terminate()
        told = process.stderr.read().splitlines()
    assert (process.returncode, told[-1]) == (130, "interrupted")
    assert any("on the way out" in line for line in told)
