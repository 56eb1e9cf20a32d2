"""A heartbeat: how a server is asked whether it is well, and which answers say that it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from balancer.core.protocol import HTTP


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A GET of `path`. `host`: the Host of the request, empty for the server's address. `status`: the good statuses,
    such as "200", "200-399" or "200,204". `timeout`: how long the answer may take, in seconds. `protocol`: what the
    server speaks, one of protocol.PROTOCOLS."""

    path: str = "/heartbeat"
    host: str = ""
    status: str = "200"
    timeout: float = 0.4
    protocol: str = HTTP

    def within(self, seconds: float) -> Heartbeat:
        """The heartbeat with an answer that may take so many seconds at most."""
        return replace(self, timeout=min(self.timeout, seconds))

    def accepts(self, status: int) -> bool:
        """Whether an answer of this status says that the server is well."""
        return _accepts(self.status, status)


@lru_cache(maxsize=1024)
def _accepts(statuses: str, status: int) -> bool:
    for part in statuses.split(","):
        low, _, high = part.partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False
