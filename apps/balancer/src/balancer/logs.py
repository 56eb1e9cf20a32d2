"""Structured logs on standard error: each line is a JSON object with the message and all fields of `extra`."""

from __future__ import annotations

import json
import logging
import os
import select
from datetime import UTC, datetime
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({})).keys()) | {"message", "asctime", "taskName"}

_STANDARD_ERROR = 2
_PATIENCE = 100
"""Milliseconds. So long a line waits for its reader, where the line before it was not dropped."""


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class DroppingHandler(logging.Handler):
    """Writes to `file`, a file descriptor. Whoever logs never waits long: the reader is the Docker engine, and it may
    stand still, or its disk. A line that nobody takes is dropped. The next one that is written comes with one that
    says how many were dropped."""

    def __init__(self, file: int = _STANDARD_ERROR) -> None:
        super().__init__()
        self._file = file
        self._poll = select.poll()
        self._poll.register(file, select.POLLOUT)
        self._dropped = 0
        self._is_cut = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
            if self._dropped and self._write(self.format(self._notice())):
                self._dropped = 0
            if self._dropped or not self._write(line):
                self._dropped += 1
        except Exception:
            self.handleError(record)

    def _notice(self) -> logging.LogRecord:
        facts = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING", "lines": self._dropped}
        return logging.makeLogRecord({"msg": "log lines dropped, as nobody read them", **facts})

    def _write(self, line: str) -> bool:
        """Returns False where the line could not be written, or only a part of it."""
        rest = (("\n" if self._is_cut else "") + line + "\n").encode()
        patience = 0 if self._dropped else _PATIENCE
        while rest and self._poll.poll(patience):
            # A pipe that takes anything takes so much without a wait.
            rest = rest[os.write(self._file, rest[: select.PIPE_BUF]) :]
            self._is_cut = bool(rest)
        return not rest


def configuration(level: str) -> dict[str, Any]:
    """The configuration for logging.config.dictConfig, and for gunicorn's logconfig_dict."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "balancer.logs.JsonFormatter"}},
        "handlers": {"standard error": {"()": DroppingHandler, "formatter": "json"}},
        "root": {"level": level.upper(), "handlers": ["standard error"]},
        "loggers": {
            "gunicorn.error": {"level": level.upper(), "handlers": [], "propagate": True},
            "gunicorn.access": {"level": "WARNING", "handlers": [], "propagate": True},
            "urllib3": {"level": "WARNING"},
            "docker": {"level": "WARNING"},
        },
    }
