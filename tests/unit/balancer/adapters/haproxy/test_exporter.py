"""How the balancer asks HAProxy's exporter. What a real one answers: tests/contract."""

from __future__ import annotations

import re
import socket
import socketserver
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from balancer.adapters.haproxy import exporter as module
from balancer.adapters.haproxy.exporter import HaproxyExporter, with_hostnames
from balancer.core.errors import PlaneUnavailable
from tests.serving import serving
from tests.unit.balancer.adapters.haproxy.conftest import RuntimeSocket

TEXT = """\
# HELP haproxy_server_sessions_total Total number of sessions.
# TYPE haproxy_server_sessions_total counter
haproxy_server_sessions_total{proxy="fleet",server="_again"} 4
haproxy_server_sessions_total{proxy="fleet",server="S1.3"} 5
haproxy_server_sessions_total{proxy="fleet",server="S2"} 6
haproxy_server_sessions_total{proxy="control",server="balancer"} 7
haproxy_server_status{proxy="fleet",server="S1.3",state="UP"} 1
haproxy_backend_sessions_total{proxy="fleet"} 8
"""
RENAMED = """\
# HELP haproxy_server_sessions_total Total number of sessions.
# TYPE haproxy_server_sessions_total counter
haproxy_server_sessions_total{proxy="fleet",server="S1",container="S1.3"} 5
haproxy_server_sessions_total{proxy="fleet",server="S2",container="S2"} 6
haproxy_server_sessions_total{proxy="control",server="balancer"} 7
haproxy_server_status{proxy="fleet",server="S1",container="S1.3",state="UP"} 1
haproxy_backend_sessions_total{proxy="fleet"} 8
"""
PROCESSES = """\
#<PID>          <type>          <reloads>       <uptime>        <version>
1               master          2               0d00h01m28s     3.0.11
# workers
30              worker          0               0d00h00m20s     3.0.11
# old workers
20              worker          1               0d00h01m00s     3.0.11
10              worker          2               0d00h01m28s     3.0.11
# programs
"""


class Answers(BaseHTTPRequestHandler):
    """`asked`: the targets that came."""

    asked: list[str]
    status = 200
    text = TEXT

    def address_string(self) -> str:
        return "somebody"

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
        pass


@contextmanager
def answering(directory: Path, **attributes: object) -> Iterator[list[str]]:
    asked: list[str] = []
    handler = type("Handler", (Answers,), {"asked": asked, **attributes})
    with serving(socketserver.ThreadingUnixStreamServer(str(directory / "exporter.sock"), handler)):
        yield asked


def test_a_server_keeps_its_label_over_a_roll_and_the_way_round_is_left_out() -> None:
    assert with_hostnames(TEXT) == RENAMED


def test_only_what_is_of_use_is_asked_for(directory: Path) -> None:
    with answering(directory) as asked:
        assert HaproxyExporter(directory).exposition() == RENAMED
    question = "/?scope=frontend&scope=backend&scope=server&no-maint&metrics=-haproxy_server_check_status"
    assert asked == [question]


def test_an_answer_that_is_an_error_is_one(directory: Path) -> None:
    with answering(directory, status=503), pytest.raises(PlaneUnavailable, match="it answered 503"):
        HaproxyExporter(directory).exposition()


def test_a_text_without_an_end_is_cut_off(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST", 100)
    with (
        answering(directory),
        pytest.raises(PlaneUnavailable, match=r"its text is not there after 3 s, or is too long"),
    ):
        HaproxyExporter(directory).exposition()


def test_what_is_no_http_is_an_error(directory: Path) -> None:
    class Babble(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(b"Unknown command\n")

    nonsense = socketserver.ThreadingUnixStreamServer(str(directory / "exporter.sock"), Babble)
    with serving(nonsense), pytest.raises(PlaneUnavailable, match=r"exporter\.sock: Unknown command"):
        HaproxyExporter(directory).exposition()


def test_who_says_nothing_is_not_waited_for(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TIMEOUT", 0.01)
    with closing(socket.socket(socket.AF_UNIX)) as mute:
        mute.bind(str(directory / "exporter.sock"))
        mute.listen()
        with pytest.raises(PlaneUnavailable, match=r"exporter\.sock: timed out"):
            HaproxyExporter(directory).exposition()


def test_where_nobody_listens_the_error_says_where(directory: Path) -> None:
    with pytest.raises(PlaneUnavailable, match=re.escape(f"does not answer at {directory}/exporter.sock")):
        HaproxyExporter(directory).exposition()


def test_old_processes_are_counted(directory: Path, master_socket: RuntimeSocket) -> None:
    master_socket.answer = lambda _: PROCESSES
    assert HaproxyExporter(directory).old_processes() == 2
    master_socket.answer = lambda _: PROCESSES.replace("# old workers\n20", "# old workers\n# programs\n20")
    assert HaproxyExporter(directory).old_processes() == 0


def test_a_master_process_that_hangs_is_not_waited_for(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PROCESSES_WITHIN", 0.01)
    with closing(socket.socket(socket.AF_UNIX)) as mute:
        mute.bind(str(directory / "master.sock"))
        mute.listen()
        with pytest.raises(PlaneUnavailable, match=r"master\.sock: timed out"):
            HaproxyExporter(directory).old_processes()
