"""Instructions in user space and system calls for each request, of one proxy in a container without a network.

Instructions are counted by callgrind, so they are the same whatever else the machine does. Two counts of requests over
kept-alive connections are taken, and the difference is shared out: what a connection costs is in neither.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.models.containers import Container

from loadtests.bench.counted import FOLDER, SERVERS, Counted
from loadtests.running import CannotMeasure
from tests.certificates import Authority
from tests.containers import remove
from tests.polling import until

FEWER, MORE = 300, 1500
"""Requests of the two counts."""
_CONNECTIONS = 8
_BOUNDED_CONNECTIONS = 1
"""Whether a server has room depends on what comes together. With one connection nothing does."""
_UP_WITHIN = 60.0
_UID = 10001 if os.geteuid() == 0 else os.geteuid()
_SERVER = Path(__file__).parent / "image" / "server.conf"
_SAME_EVERYWHERE = "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM,-EVEX"
"""Without it glibc would choose its functions by what this machine's processor knows."""


@dataclass(frozen=True, slots=True)
class Count:
    """Of one request. `calls`: system call → how often."""

    instructions: int
    calls: Mapping[str, float]


def version(here: docker.DockerClient, tag: str) -> str:
    """That of the image's HAProxy, without Debian's part."""
    told = here.containers.run(tag, ["haproxy", "-v"], network_mode="none", remove=True)
    return str(told.decode()).split()[2].partition("-")[0]


@contextmanager
def bench(here: docker.DockerClient, tag: str) -> Iterator[Bench]:
    """With the servers running."""
    with tempfile.TemporaryDirectory(prefix="ringmaster-instructions-") as name:
        folder = Path(name)
        for server, port in SERVERS.items():
            text = _SERVER.read_text(encoding="utf-8").replace("SERVER_ID", server)
            text = text.replace("listen 5000", f"listen 127.0.0.1:{port}").replace("/nginx.pid", f"/{server}.pid")
            (folder / f"{server}.conf").write_text(text, encoding="utf-8")
        (folder / "certificate.pem").write_bytes(Authority().pem("localhost"))
        for path in (folder, *folder.iterdir()):
            os.chown(path, _UID, -1)
        container = here.containers.run(
            tag,
            ["sleep", "infinity"],
            user=f"{_UID}:{_UID}",
            network_mode="none",
            volumes=[f"{folder}:{FOLDER}"],
            tmpfs={"/tmp": "size=64m,mode=1777"},  # noqa: S108 (a path in the container)
            environment={"GLIBC_TUNABLES": _SAME_EVERYWHERE},
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            detach=True,
        )
        try:
            for server in SERVERS:
                _run(container, f"nginx -e stderr -c {FOLDER}/{server}.conf")
            yield Bench(container, folder)
        finally:
            remove(container)


class Bench:
    def __init__(self, container: Container, folder: Path) -> None:
        self._container = container
        self._folder = folder

    def count(self, what: Counted, *, calls: bool) -> Count:
        for name, text in what.files.items():
            (self._folder / name).write_text(text, encoding="utf-8")
        instructions = self._instructions(what)
        return Count(round(instructions), self._calls(what) if calls else {})

    def _instructions(self, what: Counted) -> float:
        with self._started(what, "valgrind --tool=callgrind --callgrind-out-file=/tmp/counted"):
            dumped = []
            for part, requests in enumerate((FEWER, MORE), start=2):
                _run(self._container, "callgrind_control --dump")
                self._load(what, requests)
                _run(self._container, "callgrind_control --dump")
                text = _run(self._container, f"cat /tmp/counted.{2 * part - 2}")
                dumped.append(int(re.findall(r"^totals: (\d+)$", text, re.MULTILINE)[0]))
        return (dumped[1] - dumped[0]) / (MORE - FEWER)

    def _calls(self, what: Counted) -> Mapping[str, float]:
        fewer, more = (self._calls_of(what, requests) for requests in (FEWER, MORE))
        each = {name: round((often - fewer[name]) / (MORE - FEWER), 2) for name, often in more.items()}
        return {name: often for name, often in sorted(each.items(), key=lambda item: -item[1]) if often}

    def _calls_of(self, what: Counted, requests: int) -> Counter[str]:
        with self._started(what, "strace -f -c -S name -o /tmp/calls"):
            self._load(what, requests)
        lines = _run(self._container, "cat /tmp/calls").splitlines()
        rows = (line.split() for line in lines if re.match(r" *\d+\.\d\d ", line))
        return Counter({row[-1]: int(row[3]) for row in rows if row[-1] != "total"})

    @contextmanager
    def _started(self, what: Counted, under: str) -> Iterator[None]:
        """Under a tool that counts. What an earlier one left in /tmp would take callgrind_control's commands."""
        _run(self._container, "rm -f /tmp/counted* /tmp/calls /tmp/vgdb*")
        start = f"echo $$ >/tmp/pid; exec {under} {' '.join(what.command)} >/tmp/log 2>&1"
        self._container.exec_run(["sh", "-c", start], detach=True)
        try:
            until(lambda: self._answers(what), f"{what.name} answers", within=_UP_WITHIN)
        except AssertionError as error:
            raise CannotMeasure(f"{error}; it said:\n{_run(self._container, 'tail -n 20 /tmp/log')}") from error
        try:
            yield
        finally:
            # The proxy is the tool's own process, or its child: strace writes its table when that has ended.
            end = "p=$(cat /tmp/pid); c=$(cat /proc/$p/task/$p/children); kill ${c:-$p}"
            _run(self._container, f"{end}; while kill -0 $p 2>/dev/null; do sleep 0.05; done")

    def _answers(self, what: Counted) -> bool:
        code, output = self._container.exec_run(["sh", "-c", _load(what, 1, 1)])
        return code == 0 and "1 2xx" in output.decode(errors="replace")

    def _load(self, what: Counted, requests: int) -> None:
        connections = _BOUNDED_CONNECTIONS if what.variant == "bounded" else _CONNECTIONS
        told = _run(self._container, _load(what, requests, connections))
        if f"status codes: {requests} 2xx" not in told:
            raise CannotMeasure(f"{what.name}, {what.variant}: not every request was answered:\n{told}")


def _load(what: Counted, requests: int, connections: int) -> str:
    """HTTP/1.1 over kept-alive connections. ApacheBench speaks 1.0, which costs an edge more."""
    return f"h2load --h1 -n {requests} -c {connections} -H 'X-User: user-1' {what.url}"


def _run(container: Container, command: str) -> str:
    code, output = container.exec_run(["sh", "-c", command])
    text = str(output.decode(errors="replace"))
    if code:
        raise CannotMeasure(f"`{command}` failed in the container:\n{text[-2000:]}")
    return text
