from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from ringmaster import event_stream
from ringmaster.client import Client
from ringmaster.errors import Away, Unreachable
from ringmaster.event_stream import Message, follow, messages

EVENT = ["id: 7", "event: weight", 'data: {"number":7}', ""]


def test_messages_have_id_kind_and_data() -> None:
    assert list(messages(["retry: 1000", "", *EVENT, ": alive", ""])) == [Message("7", "weight", '{"number":7}')]


def test_data_of_several_lines_is_one() -> None:
    assert list(messages(["data: a", "data:b", ""])) == [Message(data="a\nb")]


def test_a_message_that_is_not_whole_is_none() -> None:
    assert list(messages(EVENT[:-1])) == []


class Broken:
    """A client whose streams break off. `streams`: their lines, or None where nobody answers."""

    def __init__(self, *streams: list[str] | None) -> None:
        self.streams = list(streams)
        self.resumed: list[str] = []

    def lines(self, path: str, *, last: str = "", **query: Any) -> Iterator[str]:
        self.resumed.append(last)
        stream = self.streams.pop(0)
        if stream is None:
            raise Unreachable("nobody answers")
        yield from stream


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "_PAUSE", 0)


def test_a_stream_is_taken_up_after_the_last_event() -> None:
    broken = Broken(EVENT, None, [], ["id: 8", "data: x", ""])
    followed = follow(cast(Client, broken), after=6)
    assert [next(followed).id, next(followed).id] == ["7", "8"]
    assert broken.resumed == ["6", "7", "7", "7"]


def test_a_balancer_that_stays_away_is_given_up() -> None:
    times = iter([0.0, 100.0, 121.0])
    followed = follow(cast(Client, Broken(None, None)), after=6, clock=lambda: next(times))
    with pytest.raises(Away, match="nobody answers"):
        next(followed)


def test_a_long_quiet_stream_counts_as_heard() -> None:
    times = iter([0.0, 1000.0, 1001.0, 1002.0])
    broken = Broken([], None, EVENT)
    followed = follow(cast(Client, broken), after=6, clock=lambda: next(times))
    assert next(followed).id == "7"
