"""A heartbeat in HTTP/1.1: a GET, and the head of its answer."""

from __future__ import annotations

import re
from functools import lru_cache

from balancer.core.heartbeat import Heartbeat

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r\n]")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_LOCATION = re.compile(rb"\r?\nlocation:[ \t]*([\x21-\x7e]{1,200})", re.IGNORECASE)
_LONGEST_HEAD = 65536


@lru_cache(maxsize=4096)
def _request(address: str, heartbeat: Heartbeat) -> bytes:
    return (
        f"GET {heartbeat.path} HTTP/1.1\r\nHost: {heartbeat.host or address}\r\n"
        "User-Agent: ringmaster\r\nConnection: close\r\n\r\n"
    ).encode()


class Http1Exchange:
    """An Exchange."""

    def __init__(self, address: str, heartbeat: Heartbeat) -> None:
        self.request = _request(address, heartbeat)
        self._heartbeat = heartbeat
        self._head = b""

    def take(self, part: bytes) -> bytes | None:
        self._head += part
        is_all = not part or len(self._head) >= _LONGEST_HEAD or _END_OF_HEAD.search(self._head) is not None
        return None if is_all else b""

    @property
    def is_good(self) -> bool:
        answer = _STATUS_LINE.match(self._head)
        return answer is not None and self._heartbeat.accepts(int(answer[1]))

    @property
    def seen(self) -> str:
        answer = _STATUS_LINE.match(self._head)
        if answer is None:
            return "an answer that is not HTTP" if self._head else "the connection was closed without an answer"
        status = answer[1].decode()
        location = _LOCATION.search(_END_OF_HEAD.split(self._head)[0])
        if status.startswith("3") and location:
            return f"{status} to {location[1].decode()}"
        return f"answered {status}"
