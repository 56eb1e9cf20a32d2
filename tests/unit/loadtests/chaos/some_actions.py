"""Actions that are over, as they stand when they are judged."""

from __future__ import annotations

import json
from concurrent.futures import Future
from email.message import Message
from typing import Any

from loadtests.chaos.actions import ApiCall, Begun
from tests.http_client import Answer


def ended(value: Any = None, error: BaseException | None = None) -> Future[Any]:
    future: Future[Any] = Future()
    if error:
        future.set_exception(error)
    else:
        future.set_result(value)
    return future


def answer(status: int = 200, message: str = "") -> Answer:
    return Answer(status, Message(), json.dumps({"message": f"<Error> {message}"}).encode())  # type: ignore[arg-type]


def call(status: int = 200, message: str = "", *, began: float = 100.0, **facts: Any) -> ApiCall:
    """Status 0: its connection broke."""
    future = ended((answer(status, message), began + 1)) if status else ended(error=ConnectionResetError("reset"))
    return ApiCall("a call", began, future, **facts)


def begun(*calls: ApiCall, at: float = 100.0, **facts: Any) -> Begun:
    return Begun(at, "said", calls=calls, **facts)
