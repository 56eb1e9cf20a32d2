"""Keyed requests: where the balancer says that they go, and where they went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import quote

import urllib3

from loadtests.traffic import KEY, SERVED_BY
from tests.system import System

KEYED = f"header:{KEY}"
"""The ring profile's name for where the key is."""
THREADS = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A key's server and slot."""

    server: str
    slot: int


def keys(count: int) -> list[str]:
    return [f"user-{number}" for number in range(count)]


def served(system: System, keys: Sequence[str]) -> dict[str, Place]:
    """Where a request with each key went; all have to be answered, at the first attempt."""

    def place(client: urllib3.PoolManager, key: str) -> Place:
        answer = client.request("GET", system.home, headers={KEY: key})
        assert (answer.status, answer.headers["X-Ring-Attempt"]) == (200, "1"), (key, answer.status, answer.headers)
        return Place(answer.headers[SERVED_BY], int(answer.headers["X-Ring-Slot"]))

    return _each(place, keys)


def foretold(system: System, keys: Sequence[str]) -> dict[str, Place]:
    """Where /ring/lookup says that a request with each key goes."""

    def place(client: urllib3.PoolManager, key: str) -> Place:
        url = f"{system.control_url}/ring/lookup?key={quote(key, safe='')}"
        answer = client.request("GET", url, headers=system.authorization).json()
        return Place(answer["server"], answer["slot"])

    return _each(place, keys)


def _each(place: Callable[[urllib3.PoolManager, str], Place], keys: Sequence[str]) -> dict[str, Place]:
    with (
        urllib3.PoolManager(maxsize=THREADS, block=True, retries=False) as client,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        return dict(zip(keys, pool.map(lambda key: place(client, key), keys), strict=True))
