"""Requests as the load tells of them."""

from __future__ import annotations

from loadtests.traffic import Request

REFUSED = {"status": 0, "attempt": 0, "server": "", "error": "ConnectionRefusedError: [Errno 111]"}
BROKE_OFF = {"error": "IncompleteReadError: 0 of 57"}


def request(began: float = 0.0, seconds: float = 0.01, **differences: object) -> Request:
    usual = {"post": "", "status": 200, "attempt": 1, "server": "S1", "error": ""}
    return Request(began=began, ended=began + seconds, **{**usual, **differences})  # type: ignore[arg-type]


def steady(*, since: float = 0.0, seconds: float = 10.0, rate: float = 100.0) -> list[Request]:
    """So many requests a second, of which every tenth is a POST."""
    return [
        request(since + number / rate, post=str(number) if number % 10 == 0 else "")
        for number in range(round(seconds * rate))
    ]
