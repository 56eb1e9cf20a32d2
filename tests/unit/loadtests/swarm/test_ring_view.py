"""The ring as it was and as it is: asked now and then, and remembered while nobody answers."""

from __future__ import annotations

import json

from loadtests.swarm.ring_view import RingView
from loadtests.swarm.target import Target
from tests.fakes.web_server import Exchange, WebServer

PROFILE = {"strategy": "table", "request_hash": "crc32", "key": "random"}


class ControlPort:
    """`version` is what it answers; 0: nothing."""

    version = 1

    def __call__(self, exchange: Exchange) -> None:
        if self.version:
            ring = {"profile": PROFILE, "version": self.version, "servers": []}
            exchange.reply(body=json.dumps(ring).encode())
        else:
            exchange.break_off()


def test_it_is_asked_no_more_often_than_the_page_asks() -> None:
    time = 0.0
    port = ControlPort()
    with WebServer(port) as server:
        view = RingView(Target("", f"http://{server.address}"), clock=lambda: time)
        assert view.now() == view.now()
        assert len(server.received) == 1
        time, port.version = 2.0, 2
        later = view.now()
        assert len(server.received) == 2
        assert view.now(fresh=True) == later
        assert len(server.received) == 3
        assert later
        assert later.version == 2


def test_whether_it_changed_since_the_run_began() -> None:
    time = 0.0
    port = ControlPort()
    with WebServer(port) as server:
        view = RingView(Target("", f"http://{server.address}"), clock=lambda: time)
        view.begin()
        assert not view.changed
        time, port.version = 2.0, 2
        view.now()
        assert view.changed
        view.begin()
        assert not view.changed


def test_the_last_one_is_remembered_while_nobody_answers() -> None:
    time = 0.0
    port = ControlPort()
    port.version = 0
    with WebServer(port) as server:
        view = RingView(Target("", f"http://{server.address}"), clock=lambda: time)
        assert view.now() is None
        assert not view.changed
        time, port.version = 2.0, 3
        known = view.now()
        time, port.version = 4.0, 0
        assert view.now() == known
        assert known
        assert known.version == 3
