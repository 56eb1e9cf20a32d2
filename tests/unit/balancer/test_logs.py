"""One JSON object a line."""

from __future__ import annotations

import json
import logging
import logging.config
import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from balancer.logs import DroppingHandler, JsonFormatter, configuration


def formatted(message: str, *args: object, level: int = logging.INFO, **extra: object) -> dict[str, object]:
    logger = logging.getLogger("balancer.tests")
    record = logger.makeRecord(logger.name, level, "file.py", 1, message, args, None, extra=extra)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    document: dict[str, object] = json.loads(line)
    return document


def test_a_line_says_when_how_grave_where_and_what() -> None:
    line = formatted("server %s", "S1", level=logging.WARNING)
    assert (line["level"], line["logger"], line["message"]) == ("warning", "balancer.tests", "server S1")
    assert str(line["time"]).endswith("+00:00")


def test_what_is_given_as_extra_stands_beside_the_message() -> None:
    assert formatted("server joined", servers=["S1"], seconds=0.4)["servers"] == ["S1"]
    assert set(formatted("x", server="S1")) == {"time", "level", "logger", "message", "server"}


def test_what_json_does_not_know_is_written_as_text() -> None:
    assert formatted("x", servers=frozenset({"S1"}))["servers"] == "frozenset({'S1'})"


def test_a_line_break_in_a_message_breaks_no_line() -> None:
    assert formatted("first\nsecond")["message"] == "first\nsecond"


def test_an_error_brings_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("balancer.tests").error("unforeseen", exc_info=ZeroDivisionError("a defect"))
    line = json.loads(JsonFormatter().format(caplog.records[0]))
    assert "ZeroDivisionError: a defect" in line["traceback"]


@pytest.fixture
def _loggers_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("gunicorn.error", "gunicorn.access", "urllib3", "docker"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.mark.usefixtures("_loggers_as_before")
@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_the_configuration_is_one_that_logging_takes(level: str) -> None:
    logging.config.dictConfig(configuration(level))
    assert logging.getLogger().getEffectiveLevel() == getattr(logging, level.upper())
    assert logging.getLogger("urllib3").getEffectiveLevel() == logging.WARNING


# A reader that stands still


class Pipe:
    """What a logger writes into it, as the container's engine reads it."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)
        self.handler = DroppingHandler(self.writing)
        self.handler.setFormatter(JsonFormatter())

    def log(self, message: str) -> None:
        self.handler.handle(logging.makeLogRecord({"name": "balancer.tests", "levelname": "INFO", "msg": message}))

    def read(self) -> list[dict[str, object]]:
        """All lines that are there now, without one that was cut."""
        data = b""
        with suppress(BlockingIOError):
            while part := os.read(self.reading, 1 << 20):
                data += part
        lines: list[dict[str, object]] = []
        for line in data.decode().splitlines():
            with suppress(ValueError):
                lines.append(json.loads(line))
        return lines

    def close(self) -> None:
        os.close(self.reading)
        os.close(self.writing)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


def test_lines_that_nobody_reads_are_dropped_and_counted(pipe: Pipe) -> None:
    for number in range(2000):
        pipe.log(f"{number} {'x' * 100}")
    read = pipe.read()
    assert [str(line["message"]).split()[0] for line in read] == [str(number) for number in range(len(read))]
    assert 100 < len(read) < 2000
    pipe.log("read again")
    notice, line = pipe.read()
    assert (notice["level"], notice["lines"]) == ("warning", 2000 - len(read))
    assert line["message"] == "read again"
    pipe.log("as always")
    assert [line["message"] for line in pipe.read()] == ["as always"]


def test_a_line_longer_than_the_pipe_is_cut_and_the_next_one_is_whole(pipe: Pipe) -> None:
    pipe.log("x" * 1_000_000)
    assert pipe.read() == []
    pipe.log("read again")
    notice, line = pipe.read()
    assert (notice["lines"], line["message"]) == (1, "read again")


def test_a_long_line_is_whole_where_it_is_read(pipe: Pipe) -> None:
    pipe.log("x" * 50_000)
    assert [len(str(line["message"])) for line in pipe.read()] == [50_000]


def test_a_reader_that_is_gone_is_no_error_of_whoever_logs(capfd: pytest.CaptureFixture[str]) -> None:
    reading, writing = os.pipe()
    handler = DroppingHandler(writing)
    os.close(reading)
    handler.handle(logging.makeLogRecord({"msg": "unread"}))
    os.close(writing)
    assert "BrokenPipeError" in capfd.readouterr().err
