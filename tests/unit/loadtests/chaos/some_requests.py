"""Requests as the load tells of them."""

from __future__ import annotations

from loadtests.fleet.steady import Request


def request(began: float = 0.0, seconds: float = 0.01, **differences: object) -> Request:
    usual = {"post": "", "status": 200, "attempt": 1, "server": "S1", "error": ""}
    return Request(began=began, ended=began + seconds, **{**usual, **differences})  # type: ignore[arg-type]
