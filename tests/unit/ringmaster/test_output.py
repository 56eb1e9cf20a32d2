"""What is common to all commands: colours, questions at a terminal, interruption, and where options may stand."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.balancer.in_memory import InMemoryBalancer
from tests.unit.ringmaster.conftest import Run
from tests.unit.ringmaster.control_port import ControlPort

SOURCES = Path(__file__).parents[3] / "apps" / "balancer" / "src"


class Terminal:
    """The command with a terminal of its own."""

    def __init__(self, url: str, *words: str, **environment: str) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ringmaster", *words],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(SOURCES),
                "RINGMASTER_URL": url,
                "HOME": "/nonexistent",
                "TERM": "xterm-256color",
            }
            | environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""

    def until(self, text: str) -> None:
        while text not in self.seen:
            assert self._more(), f"it ended without {text!r}: {self.seen!r}"

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        while self._more():
            pass
        code = self._process.wait(timeout=20)
        os.close(self._ours)
        return code

    def _more(self) -> bool:
        readable, _, _ = select.select([self._ours], [], [], 30)
        assert readable, f"nothing more within 30 s: {self.seen!r}"
        try:
            piece = os.read(self._ours, 65536)
        except OSError:  # what Linux says when the other end is closed
            return False
        self.seen += piece.decode()
        return bool(piece)


def test_a_terminal_gets_colours_and_no_colour_is_obeyed(port: ControlPort) -> None:
    for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        terminal = Terminal(port.url, "ring", "draw", "--shape", "band", **environment)
        assert terminal.end() == 0
        assert ("\x1b[38;" in terminal.seen) == coloured


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, 2), ("n", 1, 3)])
def test_at_a_terminal_it_asks_before_it_takes_away(
    port: ControlPort, balancer: InMemoryBalancer, answer: str, code: int, left: int
) -> None:
    terminal = Terminal(port.url, "rm", "--hostname", "S2")
    terminal.until("Take away S2? [y/N]")
    terminal.type(f"{answer}\n")
    assert terminal.end() == code
    assert len(balancer.replicas) == left


def test_watching_ends_quietly_with_ctrl_c(port: ControlPort) -> None:
    terminal = Terminal(port.url, "status", "--watch", "--interval", "0.2")
    terminal.until("S3")
    terminal.interrupt()
    assert terminal.end() == 130
    assert "Traceback" not in terminal.seen
    assert "\x1b[?25h" in terminal.seen, "the cursor is back"


def test_options_may_stand_before_and_after_the_command(run: Run, port: ControlPort, tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:1"
    assert run("--json", "ring", "show").stdout.startswith('{"profile"')
    assert run("--url", port.url, "ring", "show", RINGMASTER_URL=nobody).exit_code == 0
    assert run("ring", "show", "--url", port.url, RINGMASTER_URL=nobody).exit_code == 0
    assert run("--url", nobody, "ring", "show", "--url", port.url).exit_code == 0
    token = tmp_path / "token"
    token.write_text("the~token\n")
    run("--token-file", str(token), "ring", "show")
    assert port.asked[-1].headers["authorization"] == "Bearer the~token"


def test_errors_go_to_standard_error_alone(run: Run) -> None:
    result = run("status", RINGMASTER_URL="http://127.0.0.1:1")
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr.startswith("ringmaster: nobody answers at http://127.0.0.1:1 (Connection refused)")
    assert "--url or RINGMASTER_URL" in result.stderr


def test_a_broken_configuration_is_a_matter_of_usage(run: Run) -> None:
    result = run("status", RINGMASTER_URL="ring.example")
    assert result.exit_code == 2
    assert "is no URL of a control port" in result.stderr


def test_a_servers_refusal_does_not_steer_the_terminal(run: Run, port: ControlPort) -> None:
    port.own["GET", "/ring"] = 400, {"message": "<Error> \x1b[2Jno", "status": "failure"}
    assert run("ring", "show").stderr == "ringmaster: \\x1b[2Jno (400)\n"
