"""Many hosts on paper: the balancer's real hub, data plane and fleet store, and simulated agents over real TLS.

Prints Markdown tables: what a change, a drain and rest cost the balancer, and what the fleet takes up in Swarm's raft
log. Says on standard error what it is doing. The edges' own work (HAProxy) is not in it: loadtests/ring/bench.py
measures a swap."""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

import trustme  # noqa: E402 (the search path comes first)

from balancer.adapters.edges.hub import EdgeHub  # noqa: E402
from balancer.adapters.edges.many_edges import ManyEdges  # noqa: E402
from balancer.adapters.edges.wire import EDGE_NAME, HUB_NAME, files_document, line  # noqa: E402
from balancer.adapters.haproxy.config import edge_files  # noqa: E402
from balancer.adapters.revision_store import RevisionStore  # noqa: E402
from balancer.core.catalogue import Catalogue  # noqa: E402
from balancer.core.fleet import Fleet  # noqa: E402
from balancer.core.release import Release  # noqa: E402
from balancer.core.routes import Routes, routes  # noqa: E402
from loadtests.hosts import fleets  # noqa: E402
from loadtests.hosts.agents import Agents, Orders, agents  # noqa: E402
from loadtests.ring.markdown import table  # noqa: E402
from tests import edge_options  # noqa: E402
from tests.certificates import put_edge_certificates  # noqa: E402
from tests.polling import until  # noqa: E402

LEASE = 3.0
CONFIG = 1000 * 1024
"""Bytes: a config of Swarm has less."""
OPTIONS = replace(edge_options.OPTIONS, response_timeout=60, explain=False)

Row = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`rest`: seconds for which rest, and a drain, are watched. `part`: of the edges are slow, or silent."""

    edges: int
    servers: int
    slots: tuple[int, ...]
    rest: float = 10.0
    part: float = 0.05


class Balancer:
    """What of the balancer talks with the edges, and the agents that it talks with."""

    def __init__(self, plan: Plan, slots: int, hub: EdgeHub, agents: Agents, sockets: Path) -> None:
        self._plan = plan
        self._slots = slots
        self._plane = ManyEdges(hub, OPTIONS)
        self._hub = hub
        self._agents = agents
        self._sockets = sockets

    def rows(self) -> Iterator[tuple[str, Row]]:
        few = max(1, round(self._plan.part * self._plan.edges))
        fleet = fleets.fleet(servers(self._plan, self._slots), self._slots)
        self._orders = Orders(answers=fleets.answers(fleet))
        present = routes(fleet)
        until(lambda: self._in_time() == self._plan.edges, "all agents have come", within=60)
        yield "all edges get their first files", self._change(present)
        fleet = fleets.turned(fleet)
        yield "every slot changes its owner", self._change(routes(fleet))
        fleet = fleets.one_more(fleet)
        yield "one server joins", self._change(routes(fleet))
        fleet = fleets.one_more(fleet)
        yield f"the same, {few} edges take 1 s", self._change(routes(fleet), Orders(slow=few))
        yield "at rest, a second", self._rest(routes(fleet))
        fleet = fleets.one_more(fleet)
        yield f"one server joins, {few} edges are silent", self._change(routes(fleet), Orders(silent=few))
        until(lambda: self._in_time() == self._plan.edges, "the silent ones are back", within=60)
        self._plane.apply(routes(fleet))
        yield "`activity`, once", self._measured(self._plane.activity, self._orders)
        yield "`counters`, once", self._measured(self._plane.counters, self._orders)
        yield "12 drains ask all the time, a second", self._drains()
        yield "a request through a tunnel", self._tunnels()

    def _in_time(self) -> int:
        return sum(edge.is_serving for edge in self._hub.edges())

    def _change(self, to: Routes, orders: Orders | None = None) -> Row:
        whole = len(line({"files": files_document(edge_files(OPTIONS, to))})) * self._plan.edges
        return {**self._measured(lambda: self._plane.apply(to), orders or Orders()), "whole files": _bytes(whole)}

    def _measured(self, do: Callable[[], object], orders: Orders, seconds: float = 1.0) -> Row:
        """What it costs, or costs a second where it takes so many."""
        self._agents.order(orders)
        began, cpu = time.monotonic(), time.process_time()
        do()
        took, cpu = time.monotonic() - began, time.process_time() - cpu
        heard = self._agents.order(Orders())
        return {
            "to edges": _bytes(heard.bytes / seconds),
            "from edges": _bytes(heard.said / seconds),
            "balancer's CPU": f"{1000 * cpu / seconds:.3g} ms",
            "time": f"{took:.2f} s",
        }

    def _rest(self, present: Routes) -> Row:
        """As the reconciler, the autoscaler and the history of the load do it."""

        def rest() -> None:
            for second in range(round(self._plan.rest)):
                assert self._plane.in_step(present)  # noqa: S101 (else it is no rest)
                self._plane.load()
                if second % 5 == 0:
                    self._plane.counters()
                time.sleep(1)

        return {**self._measured(rest, self._orders, self._plan.rest), "time": "—"}

    def _drains(self) -> Row:
        asked = 0

        def drain(end: float) -> None:
            nonlocal asked
            while time.monotonic() < end:
                self._plane.activity()
                asked += 1
                time.sleep(0.05)

        def drains() -> None:
            end = time.monotonic() + self._plan.rest
            with ThreadPoolExecutor(12) as pool:
                list(pool.map(drain, [end] * 12))

        row = self._measured(drains, self._orders, self._plan.rest)
        return {**row, "time": f"{12 * self._plan.rest / asked:.2f} s each"}

    def _tunnels(self) -> Row:
        requests = 200
        with answering(self._sockets / "balancer.sock") as answered:
            orders = Orders(requests=requests)
            row = self._measured(
                lambda: until(lambda: answered() >= requests, "all are answered", within=60), orders, requests
            )
        return {name: row[name] for name in ("balancer's CPU",)}


@contextmanager
def answering(path: Path) -> Iterator[Callable[[], int]]:
    """Answers requests at a unix socket, and tells how many so far."""
    answered = 0
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(64)

    def answer() -> None:
        nonlocal answered
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
                answered += 1

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield lambda: answered
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


class CountedRevisions:
    """Revisions in memory. `sizes`: bytes of the latest content, and packed."""

    def __init__(self) -> None:
        self.sizes = (0, 0)
        self._newest: tuple[int, bytes] | None = None

    def newest(self) -> tuple[int, bytes] | None:
        return self._newest

    def replace(self, expected: int, content: bytes) -> int:
        self.sizes = len(content), len(zlib.compress(content))
        self._newest = expected + 1, content
        return expected + 1


def state_row(fleet: Fleet) -> Row:
    """What a save of this fleet costs."""
    revisions = CountedRevisions()
    store = RevisionStore(revisions, catalogue=Catalogue(), profile=fleet.profile, release=Release())
    cpu = time.process_time()
    store.save(fleet)
    cpu = time.process_time() - cpu
    whole, packed = revisions.sizes
    return {
        "document": _bytes(whole),
        "packed": _bytes(packed),
        "of a config": f"{packed / CONFIG:.1%}",
        "balancer's CPU": f"{1000 * cpu:.3g} ms",
    }


@contextmanager
def balancer(plan: Plan, slots: int) -> Iterator[Balancer]:
    with tempfile.TemporaryDirectory() as folder:
        authority = trustme.CA()
        ours = put_edge_certificates(Path(folder) / "hub", authority, HUB_NAME)
        theirs = put_edge_certificates(Path(folder) / "agents", authority, EDGE_NAME)
        hub = EdgeHub(0, ours, LEASE, Path(folder))
        port = hub.start()
        try:
            with agents(plan.edges, port, theirs) as running:
                yield Balancer(plan, slots, hub, running, Path(folder))
        finally:
            hub.stop()


def tables(plan: Plan) -> Iterator[str]:
    rows: dict[str, Row] = {}
    for slots in plan.slots:
        with balancer(plan, slots) as measured:
            for name, row in measured.rows():
                _tell(f"M = {slots}: {name}: {row}")
                rows[f"{name} (M = {slots}, {servers(plan, slots)} servers)"] = row
    title = f"{plan.edges} edges, a lease of {LEASE:g} s"
    yield table(title, rows, first="what happens")
    states = {
        f"M = {slots}, {servers(plan, slots)} servers": state_row(fleets.fleet(servers(plan, slots), slots))
        for slots in plan.slots
    }
    yield table("The fleet in Swarm's raft log, for each change", states, first="ring")


def servers(plan: Plan, slots: int) -> int:
    """A ring holds no more servers than slots, and here there is one more for each change."""
    return min(plan.servers, slots - 12)


def _bytes(count: float) -> str:
    for unit, size in (("MB", 1e6), ("KB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} B"


def _tell(what: str) -> None:
    print(f"bench-hosts: {what}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Many hosts on paper.")
    parser.add_argument("--edges", type=int, default=100)
    parser.add_argument("--servers", type=int, default=1000)
    parser.add_argument("--slots", type=int, nargs="+", default=[65_536, 512])
    given = parser.parse_args()
    for text in tables(Plan(edges=given.edges, servers=given.servers, slots=tuple(given.slots))):
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
