"""One JSON object a line."""

from __future__ import annotations

import json
import logging
import logging.config
from collections.abc import Iterator

import pytest

from balancer.logs import JsonFormatter, configuration


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
