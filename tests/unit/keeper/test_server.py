"""How the keeper reads a call from a connection."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from balancer.core.errors import InvalidRequest
from keeper import server


def test_a_call_that_trickles_is_given_up_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is always one more byte, and no wait for it ever takes too long."""
    monkeypatch.setattr(server, "_READ_TIMEOUT", 0.02)
    began = time.monotonic()

    def one_byte(_: int) -> bytes:
        assert time.monotonic() - began < 30
        time.sleep(0.0005)
        return b" "

    connection = server._Connection.__new__(server._Connection)
    connection.request = SimpleNamespace(settimeout=lambda seconds: None, recv=one_byte)  # type: ignore[assignment]
    with pytest.raises(InvalidRequest, match=r"whole within 0.02 s"):
        connection._line()
