from __future__ import annotations

import pytest

from tests.unit.ringmaster.conftest import Run
from tests.unit.ringmaster.control_port import ControlPort


@pytest.mark.parametrize(
    ("shell", "registers"),
    [("bash", "complete -o nosort -F"), ("zsh", "#compdef ringmaster"), ("fish", "complete --no-files")],
)
def test_each_shell_gets_its_own(run: Run, port: ControlPort, shell: str, registers: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert registers in result.stdout
    assert port.asked == []


def completed(run: Run, *words: str, **environment: str) -> list[str]:
    line = " ".join(words)
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_RINGMASTER_COMPLETE": "bash_complete"}
    return [row.partition(",")[2] for row in run(**asked, **environment).stdout.split()]


def test_hostnames_are_those_of_the_balancer(run: Run) -> None:
    assert completed(run, "ringmaster", "weight", "S") == ["S1", "S2", "S3"]
    assert completed(run, "ringmaster", "rm", "--hostname", "S3") == ["S3"]
    assert completed(run, "ringmaster", "events", "--server", "X") == []


def test_commands_are_completed(run: Run) -> None:
    assert completed(run, "ringmaster", "ro") == ["rollback"]
    assert completed(run, "ringmaster", "ring", "pre") == ["preview"]


def test_where_nobody_answers_there_is_nothing_to_complete(run: Run) -> None:
    assert completed(run, "ringmaster", "weight", "S", RINGMASTER_URL="http://127.0.0.1:1") == []
