"""Enough of a running HAProxy for an agent: what it is told, it obeys."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.unit.balancer.adapters.haproxy.conftest import RuntimeSocket

HEADER = "# be_id be_name srv_id srv_name srv_addr srv_port srv_admin_state"
ACTIVITY = "# pxname,svname,qcur,scur,bin,bout\nfleet,S1,1,2,10,20\n"


class Haproxy:
    """`is_slow` lets it answer nothing until it is cleared. `refuses`: the start of a command."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.servers: dict[str, str] = {}
        self.digest = self.coming = self.description = self.refuses = ""
        self.is_slow = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.commands: list[str] = []

    @contextmanager
    def running(self) -> Iterator[RuntimeSocket]:
        """It begins as its files say; without any it has another configuration."""
        self.servers, self.digest = {}, ""
        self.read_configuration()
        runtime, master = (RuntimeSocket(self.directory / name) for name in ("runtime.sock", "master.sock"))
        runtime.answer, master.answer = self.answer, self.answer_of_master
        with ExitStack() as stack:
            for each in (runtime, master):
                each.path.unlink(missing_ok=True)
                stack.enter_context(each.serving())
            yield runtime

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """It was told to stop softly: it takes nothing new, and only the master process answers."""
        master = RuntimeSocket(self.directory / "master.sock")
        master.answer = self.answer_of_master
        master.path.unlink(missing_ok=True)
        with master.serving():
            yield

    def read_configuration(self) -> None:
        path = self.directory / "haproxy.cfg"
        found = re.search(r"description (\S*)", path.read_text()) if path.exists() else None
        self.description = found[1] if found else "another"

    def answer_of_master(self, command: str) -> str:
        if command.startswith("reload"):
            self.read_configuration()
            return "Success=1"
        if command.startswith("@!17 "):
            return self.answer(command.removeprefix("@!17 "))
        return "#<PID> <type>\n1 master\n# workers\n17 worker\n" if command.startswith("show proc") else self.answer("")

    def answer(self, command: str) -> str:
        self.may_answer.wait(30)
        self.commands.append(command)
        words = command.split()
        if self.refuses and command.startswith(self.refuses):
            return "No."
        return self.shown(words) or self.done(command, words)

    def shown(self, words: list[str]) -> str:
        rows = (f"3 fleet 1 {name} {at.replace(':', ' ')} 0" for name, at in self.servers.items())
        shown = {
            "get map": f'value="{self.digest}"',
            "show info": f"Name: HAProxy\ndescription: {self.description}\n",
            "show servers": "\n".join(["1", HEADER, *rows]),
            "show stat": ACTIVITY,
        }
        return shown.get(" ".join(words[:2]), "")

    def done(self, command: str, words: list[str]) -> str:
        match words[:2]:
            case ["add", "server"]:
                self.servers[words[2].removeprefix("fleet/")] = words[3]
                return "New server registered."
            case ["del", "server"]:
                del self.servers[words[2].removeprefix("fleet/")]
                return "Server deleted."
            case ["prepare", "map"]:
                return "New version created: 7"
            case ["add", "map"]:
                found = re.search(r"^digest (\S+)", command, re.MULTILINE)
                self.coming = found[1] if found else self.coming
            case ["commit", "map"]:
                self.digest = self.coming
        return ""
