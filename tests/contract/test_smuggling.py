"""Requests that try to make plane and server see different boundaries: what a plane passes on has one reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from threading import local

import pytest

from balancer.core.routes import Backend
from tests.contract.attack import Outcome, by_case, judge, number_of, play
from tests.contract.flask_bench import FlaskBench
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.plane_bench import REAL, RealPlaneBench, all_to
from tests.contract.recording_server import MARKER, RecordingServer
from tests.contract.smuggling import Case, cases
from tests.http_client import ask
from tests.polling import until

_AT_ONCE = 64
"""Clients."""


@pytest.fixture
def recorder(bench: RealPlaneBench, request: pytest.FixtureRequest) -> Iterator[RecordingServer]:
    """The only server behind the plane, in this process."""
    is_here = isinstance(bench, FlaskBench)
    with RecordingServer("127.0.0.1" if is_here else request.getfixturevalue("lab").gateway) as recorder:
        bench.change(explain=False)
        bench.plane.apply(all_to(Backend("S1", recorder.address)))
        yield recorder


@REAL
def test_what_the_plane_passes_on_has_one_reading(bench: RealPlaneBench, recorder: RecordingServer) -> None:
    host, _, port = bench.url.removeprefix("http://").partition(":")
    assert_one_reading(recorder, host, int(port))


@pytest.mark.docker
def test_what_the_edge_passes_on_to_the_balancer_has_one_reading_and_one_client(haproxy_bench: HaproxyBench) -> None:
    """On the control port."""
    folder = haproxy_bench.profile.directory
    with RecordingServer(f"{folder}/balancer.sock"), RecordingServer(f"{folder}/control.sock") as recorder:
        for name in ("balancer.sock", "control.sock"):
            (folder / name).chmod(0o666)
        until(lambda: ask("GET", f"http://{haproxy_bench.host}:5001", "/x").status == 200, "it is there", within=10)
        assert_one_reading(recorder, haproxy_bench.host, 5001)
    origins = {
        tuple(request.head.values(b"x-ringmaster-client")) for each in recorder.connections for request in each.requests
    }
    (origin,) = origins
    assert len(origin) == 1


def assert_one_reading(recorder: RecordingServer, host: str, port: int) -> None:
    """Every case goes to the plane at this address."""
    attacks = cases()
    assert len(attacks) >= 1000
    with Bystanders(host, port) as bystanders, ThreadPoolExecutor(_AT_ONCE) as clients:

        def attack(case: Case) -> Outcome:
            outcome = play(case, host, port)
            bystanders.ask()
            return outcome

        outcomes = list(clients.map(attack, attacks))
    seen = by_case(list(recorder.targets))
    wrong = [f"the server got: {each.wrong}" for each in recorder.connections if each.wrong]
    for case, outcome in zip(attacks, outcomes, strict=True):
        if problem := judge(case, outcome, seen.get(number_of(case), [])):
            wrong.append(f"{case.kind}: {problem}: {case.sent!r}")
    print(_table(attacks, outcomes))  # noqa: T201 (numbers, with -s)
    assert not bystanders.wrong
    assert not wrong, f"{len(wrong)} of {len(attacks)}:\n" + "\n".join(wrong[:40])


class Bystanders:
    """Honest clients, each on a kept connection: one for every thread that asks. `wrong`: what they got wrongly."""

    def __init__(self, host: str, port: int) -> None:
        self._at = f"{host}:{port}"
        self._own = local()
        self._all: list[HTTPConnection] = []
        self._asked = 0
        self.wrong: list[str] = []

    def __enter__(self) -> Bystanders:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._all:
            connection.close()

    def ask(self) -> None:
        if not hasattr(self._own, "connection"):
            self._own.connection = HTTPConnection(self._at, timeout=20)
            self._all.append(self._own.connection)
        self._asked += 1
        path = f"/honest/{id(self._own.connection)}/{self._asked}"
        try:
            self._own.connection.request("GET", path)
            response = self._own.connection.getresponse()
            response.read()
            got = response.headers.get(MARKER.decode())
        except OSError as error:
            got = repr(error)
        if got != path:
            self.wrong.append(f"{path}: {got}")


def _table(attacks: list[Case], outcomes: list[Outcome]) -> str:
    """A line for each kind: how many cases, how many of them were refused, passed on, or wait."""
    counts: dict[str, Counter[str]] = {}
    for case, outcome in zip(attacks, outcomes, strict=True):
        what = "waits" if not outcome.closed else "refused" if not outcome.heads else "passed on"
        counts.setdefault(case.kind, Counter())[what] += 1
    lines = (f"{kind:20} {count.total():5} {dict(sorted(count.items()))}" for kind, count in counts.items())
    return "\n".join((*lines, f"{'all':20} {len(attacks):5}"))
