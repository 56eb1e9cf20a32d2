"""The history of events: bounded, in order, without a gap that is not told, and a line of the log each."""

from __future__ import annotations

import logging
import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.event import EventKind
from balancer.service.event_log import EventLog
from tests.fakes.clock import FakeClock
from tests.polling import until


@pytest.fixture
def events() -> EventLog:
    return EventLog(FakeClock())


def numbered(count: int, *, kept: int) -> EventLog:
    """With so many events, whose reasons count them from 1."""
    events = EventLog(FakeClock(), kept=kept)
    for number in range(count):
        events.record(EventKind.JOINED, reason=str(number + 1))
    return events


def test_an_event_is_all_that_was_said_and_when(events: EventLog) -> None:
    events.record(EventKind.REPLACED, server="S1", reason="it died", seconds=0.123456, N=3, names=("S1", "S2"))
    [event] = events.since(0).events
    assert (event.kind, event.server, event.reason, event.seconds) == ("replaced", "S1", "it died", 0.123)
    assert event.facts == {"N": 3, "names": ["S1", "S2"]}
    assert event.time == FakeClock().time()
    assert event.number == events.last == events.since(0).next


def test_facts_stay_as_they_were_and_are_always_json(events: EventLog) -> None:
    servers = ["S1"]
    events.record(EventKind.RESTORED, servers=servers, odd=object, args=1, name="S1", message={1: frozenset({2})})
    servers.append("S2")
    facts = events.since(0).events[0].facts
    assert facts == {
        "servers": ["S1"],
        "odd": "<class 'object'>",
        "args": 1,
        "name": "S1",
        "message": {"1": "frozenset({2})"},
    }


@given(count=st.integers(0, 30), kept=st.integers(1, 12), after=st.integers(-3, 33))
def test_whoever_asks_gets_the_rest_or_is_told_what_is_missing(count: int, kept: int, after: int) -> None:
    events = numbered(count, kept=kept)
    start = events.last - count
    page = events.since(start + after)
    known = after if 0 <= after <= count else 0
    expected = [str(number) for number in range(known + 1, count + 1)]
    assert [event.reason for event in page.events] == expected[page.dropped :]
    assert page.dropped == max(0, len(expected) - kept)
    assert page.next == start + count


@given(parts=st.lists(st.integers(0, 5), max_size=8))
def test_whoever_keeps_up_misses_nothing_and_gets_nothing_twice(parts: list[int]) -> None:
    events = EventLog(FakeClock(), kept=5)
    after, seen = events.last, []
    for part in parts:
        for _ in range(part):
            events.record(EventKind.JOINED)
        page = events.follow(after, timeout=0)
        assert page.dropped == 0
        seen += page.events
        after = page.next
    assert len(seen) == sum(parts)
    assert all(later.number == earlier.number + 1 for earlier, later in pairwise(seen))


def test_numbers_grow_over_a_restart_and_who_followed_goes_on_with_all_that_is_new() -> None:
    clock = FakeClock()
    before = EventLog(clock)
    for _ in range(5):
        before.record(EventKind.JOINED)
    clock.sleep(1)
    after = EventLog(clock)
    after.record(EventKind.RESTORED)
    page = after.since(before.last)
    assert [event.kind for event in page.events] == ["restored"]
    assert page.next > before.last


def test_who_comes_from_the_future_gets_everything(events: EventLog) -> None:
    """The clock was set back between two starts."""
    events.record(EventKind.RESTORED)
    page = events.follow(events.last + 1_000_000, timeout=0)
    assert ([event.kind for event in page.events], page.next) == (["restored"], events.last)


def test_a_follower_is_woken_by_the_next_event(events: EventLog) -> None:
    pages = []
    begin = events.last
    follower = threading.Thread(target=lambda: pages.append(events.follow(begin, timeout=30)))
    follower.start()
    assert pages == []
    events.record(EventKind.LEFT)
    follower.join(timeout=10)
    assert [event.kind for event in pages[0].events] == ["left"]


def test_a_follower_to_whom_nothing_happens_gets_an_empty_page(events: EventLog) -> None:
    page = events.follow(events.last, timeout=0.001)
    assert (page.events, page.next, page.dropped) == ((), events.last, 0)


def test_events_of_many_threads_are_all_there_once() -> None:
    events = EventLog(FakeClock())
    begin = events.last
    threads = [threading.Thread(target=lambda: [events.record(EventKind.JOINED) for _ in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: events.last == begin + 400, "all recorded", within=10, pause=0.001)
    for thread in threads:
        thread.join()
    assert [event.number for event in events.since(0).events] == list(range(begin + 1, begin + 401))


def test_every_event_is_a_line_of_the_log(events: EventLog, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        events.record(EventKind.JOINED, server="S1", seconds=0.5)
        events.record(EventKind.FAILED, server="S1", reason="it died", name="a name that logging has itself")
    joined, failed = caplog.records
    assert (joined.levelname, joined.getMessage()) == ("INFO", "joined")
    assert (failed.levelname, failed.getMessage()) == ("WARNING", "failed")
    assert {"server": "S1", "seconds": 0.5, "number": events.last - 1}.items() <= vars(joined).items()
    assert not {"reason", "facts"} & vars(joined).keys()
    facts = {"name": "a name that logging has itself"}
    assert {"server": "S1", "reason": "it died", "facts": facts}.items() <= vars(failed).items()


def test_a_listener_that_fails_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[EventKind] = []

    def fail(_: object) -> None:
        raise ValueError("no number")

    events = EventLog(FakeClock(), listeners=(fail, lambda event: heard.append(event.kind)))
    events.record(EventKind.JOINED)
    assert heard == [EventKind.JOINED]
    assert [record.levelname for record in caplog.records if record.message == "a listener failed"] == ["ERROR"]
