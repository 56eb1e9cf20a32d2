"""The request hashes measured: how evenly they spread the request ids over 512 slots, and how long they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from time import thread_time_ns

from balancer.core.request_hash import REQUEST_HASHES, REQUEST_IDS, RequestHash
from loadtests.ring.markdown import table

SLOTS = 512
_ROUNDS = 15


def hash_table(request_ids: Sequence[int] = REQUEST_IDS) -> str:
    """Of all ids, or of some. The time is the whole way from key to slot."""
    taken = _taken()
    rows: dict[str, dict[str, str]] = {}
    for name, request_hash in REQUEST_HASHES.items():
        hits = Counter(request_hash.slot(b"%d" % number, SLOTS) for number in request_ids)
        rows[name] = {
            "slots hit": str(len(hits)),
            "busiest slot ÷ mean": f"{max(hits.values()) * SLOTS / len(request_ids):.3f}",
            "ns": f"{taken[name]:.0f}",
        }
    return table(f"Request hashes, {len(request_ids)} six-digit keys on {SLOTS} slots", rows, first="hash")


def _taken() -> dict[str, float]:
    """Medians, in nanoseconds; all hashes in turn in every round."""
    keys = [b"%d" % number for number in REQUEST_IDS[::500]]
    rounds = [{name: _one(request_hash, keys) for name, request_hash in REQUEST_HASHES.items()} for _ in range(_ROUNDS)]
    return {name: median(of[name] for of in rounds) for name in REQUEST_HASHES}


def _one(request_hash: RequestHash, keys: Sequence[bytes]) -> float:
    began = thread_time_ns()
    for key in keys:
        request_hash.slot(key, SLOTS)
    return (thread_time_ns() - began) / len(keys)
