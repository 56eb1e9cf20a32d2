"""What the watcher has seen, and when; and that it sees."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from loadtests.faults.watcher import View, Views, Watcher
from tests.fakes.web_server import Exchange, WebServer
from tests.polling import until

WHOLE = View(1.0, replicas=("S1", "S2"), target=2, is_ready=True)
SHORT = View(2.0, replicas=("S2",), target=2)
AWAY = View(3.0, is_away=True)
AGAIN = View(4.0, replicas=("S2", "S3"), target=2, is_ready=True)


def test_a_server_has_left_when_somebody_who_answers_does_not_name_it() -> None:
    views = Views(WHOLE, AWAY, AGAIN)
    assert views.left_at("S1", since=1.5) == 4.0
    assert Views(WHOLE, SHORT).left_at("S1", since=1.5) == 2.0
    assert views.left_at("S2", since=0.0) is None


def test_what_was_so_already_counts_from_the_moment_that_is_asked_for() -> None:
    views = Views(WHOLE, SHORT, AWAY, AGAIN)
    assert (views.whole_at(since=1.5), views.whole_at(since=2.5)) == (1.5, 4.0)
    assert (views.away_at(since=1.0), views.away_at(since=3.5), views.away_at(since=4.5)) == (3.0, 3.5, None)


def test_only_changes_are_kept() -> None:
    views = Views(WHOLE)
    views.see(View(1.5, replicas=WHOLE.replicas, target=2, is_ready=True))
    views.see(SHORT)
    assert (views.now, views.left_at("S1", since=0.0)) == (SHORT, 2.0)


def test_it_asks_all_the_time_and_notes_who_does_not_answer() -> None:
    report = {"replicas": ["S1"], "silent": [], "target": 1, "ready": True, "ailments": {}}
    broken: list[bool] = []

    def answer(exchange: Exchange) -> None:
        if broken:
            exchange.break_off()
        else:
            exchange.reply(body=json.dumps(report).encode())

    with WebServer(answer) as server, Watcher(f"http://{server.address}", {"Authorization": "Bearer x"}) as watcher:
        until(lambda: watcher.now.is_ready, "it is seen", within=10)
        began = time.monotonic()
        broken.append(True)
        until(lambda: watcher.away_at(since=began), "it is seen to be away", within=10)
    assert server.received[0].headers["Authorization"] == "Bearer x"


def test_a_silent_server_is_off_the_ring() -> None:
    report = {"replicas": ["S1", "S2"], "silent": ["S1"], "target": 2, "ready": True, "ailments": {}}
    with (
        WebServer(lambda exchange: exchange.reply(body=json.dumps(report).encode())) as server,
        Watcher(f"http://{server.address}", {}) as watcher,
    ):
        until(lambda: watcher.now.is_ready, "it is seen", within=10)
        assert watcher.now.replicas == ("S2",)


@pytest.mark.parametrize("report", [None, [], {"replicas": None}], ids=str)
def test_a_report_that_is_none_counts_as_no_answer(report: object) -> None:
    well = {"replicas": ["S1"], "silent": [], "target": 1, "ready": True, "ailments": {}}
    told: list[object] = [well]

    def answer(exchange: Exchange) -> None:
        exchange.reply(body=json.dumps(told[-1]).encode())

    with WebServer(answer) as server, Watcher(f"http://{server.address}", {}) as watcher:
        until(lambda: watcher.now.is_ready, "it is seen", within=10)
        told.append(report)
        until(lambda: watcher.now.is_away, "it is seen to be away", within=10)
        told.append(well)
        until(lambda: watcher.now.is_ready, "it is seen again", within=10)


def test_who_looks_after_the_watcher_has_died_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    class Dying(Watcher):
        def _ask(self, connection: Any) -> View:
            raise RuntimeError("dead")

    with Dying("http://127.0.0.1:1", {}) as watcher:
        watcher._thread.join()
        for look in (
            lambda: watcher.now,
            lambda: watcher.left_at("S1", since=0.0),
            lambda: watcher.whole_at(since=0.0),
            lambda: watcher.away_at(since=0.0),
        ):
            with pytest.raises(AssertionError, match="the watcher's thread has died"):
                look()


def test_what_was_seen_can_be_asked_for_after_the_end() -> None:
    with Watcher("http://127.0.0.1:1", {}) as watcher:
        pass
    assert watcher.now.is_away
