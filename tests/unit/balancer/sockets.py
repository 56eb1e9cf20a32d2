"""The sockets that a request can come in on, as gunicorn says it."""

from __future__ import annotations


class Socket:
    """`name`: what the operating system says of it."""

    def __init__(self, name: tuple[str, int] | str) -> None:
        self._name = name
        self.timeout: float | None = None

    def getsockname(self) -> tuple[str, int] | str:
        return self._name

    def settimeout(self, seconds: float) -> None:
        self.timeout = seconds


CONTROL = Socket(("127.0.0.1", 5001))
PUBLIC = Socket(("0.0.0.0", 5000))  # noqa: S104 (nothing is bound)
EDGE = Socket("/run/ringmaster/balancer.sock")
EDGE_CONTROL = Socket("/run/ringmaster/control.sock")
HEALTH = Socket("/tmp/health.sock")  # noqa: S108 (nothing is made there)
