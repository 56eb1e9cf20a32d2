"""Documents of the control port's API as data: of a fleet of any size, in states that a real one rarely has."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

_NOON = "2026-11-29T12:{:02d}:{:02d}.000+00:00"
_PROFILE = {"strategy": "table", "slots": 512, "request_hash": "crc32", "key": "header:X-User", "bound": None}
MEASURES = ("requests_per_second", "in_flight", "response_time", "errors_per_second")


def fleet(size: int, *, nodes: int = 0, **states: str) -> list[dict[str, Any]]:
    """Servers as GET /ring tells of them, on so many Swarm nodes. `states`: hostname → state, where it is not
    serving."""
    return [
        {
            "hostname": f"S{number}",
            "ring_id": number,
            "state": states.get(f"S{number}", "serving"),
            "release": 1,
            "weight": 1,
            "warmth": 1.0,
            "slots": 0,
            "share": 1 / size,
            "node": f"w{number % nodes + 1}" if nodes else "",
        }
        for number in range(1, size + 1)
    ]


def event(number: int, kind: str, server: str = "", reason: str = "", node: str = "", **facts: Any) -> dict[str, Any]:
    return {
        "number": number,
        "time": _NOON.format(number // 60 % 60, number % 60),
        "kind": kind,
        "server": server,
        "node": node,
        "reason": reason,
        "seconds": None,
        "facts": facts,
    }


def edge(node: str, **changes: Any) -> dict[str, Any]:
    """An edge as GET /edges tells of it."""
    well = {"node": node, "leased": True, "serving": True, "in_step": True, "silent_for": 0.2, "problem": ""}
    return well | changes


@dataclass(slots=True)
class Documents:
    """What the balancer knows. Tests change it while the page looks."""

    servers: list[dict[str, Any]] = field(default_factory=lambda: fleet(3))
    slots: int = 512
    version: int = 1
    profile: dict[str, Any] = field(default_factory=lambda: dict(_PROFILE))
    ailments: dict[str, str] = field(default_factory=dict)
    remedies: dict[str, str] = field(default_factory=dict)
    deploy: dict[str, Any] | None = None
    edges: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    reading: int = 0

    @property
    def hostnames(self) -> list[str]:
        return [server["hostname"] for server in self.servers]

    def owners(self, names: list[str], slots: int, seed: int = 1) -> list[str]:
        chance = random.Random(seed)  # noqa: S311 (it must repeat itself)
        return [chance.choice(names) for _ in range(slots)]

    def health(self) -> dict[str, Any]:
        serving = [server["hostname"] for server in self.servers if server["state"] in ("serving", "silent")]
        silent = [server["hostname"] for server in self.servers if server["state"] == "silent"]
        return {
            "ready": not self.ailments and len(serving) == len(self.servers),
            "N": len(serving),
            "target": len(self.servers),
            "replicas": serving,
            "silent": silent,
            "ring": "0" * 16,
            "ailments": self.ailments,
            "remedies": self.remedies,
            "certificates": [],
        }

    def ring(self) -> dict[str, Any]:
        owners = self.owners(self.hostnames, self.slots)
        servers = [server | {"slots": owners.count(server["hostname"])} for server in self.servers]
        return {
            "profile": self.profile | {"slots": self.slots},
            "version": self.version,
            "digest": f"{self.version:016x}",
            "slots": self.slots,
            "servers": servers,
            "requests_without_key": 0,
            "in_step": True,
        }

    def table(self) -> dict[str, Any]:
        owners = self.owners(self.hostnames, self.slots)
        instead = {server["hostname"]: server["hostname"] for server in self.servers if server["state"] == "serving"}
        first = next(iter(instead.values()), "")
        answering = [instead.get(owner, first) for owner in owners]
        return {"version": self.version, "digest": f"{self.version:016x}", "owners": owners, "answering": answering}

    def points(self) -> dict[str, Any]:
        chance = random.Random(2)  # noqa: S311
        return {
            "version": self.version,
            "points": {name: [chance.random() for _ in range(9)] for name in self.hostnames},
        }

    def lookup(self, key: str) -> dict[str, Any]:
        owners = self.owners(self.hostnames, self.slots)
        slot = sum(key.encode()) % self.slots
        state = next(server["state"] for server in self.servers if server["hostname"] == owners[slot])
        return {
            "key": key,
            "request_hash": "crc32",
            "slot": slot,
            "owner": owners[slot],
            "server": owners[slot],
            "walk": [{"slot": slot, "hostname": owners[slot], "state": state}],
            "why": f"crc32 of the key mod {self.slots} is slot {slot}; {owners[slot]} owns it and serves",
        }

    def load(self, *, with_history: bool) -> dict[str, Any]:
        self.reading += 1
        time = _NOON.format(self.reading // 12 % 60, self.reading * 5 % 60)
        servers = [
            {"hostname": name, **self._figures(name, self.reading), "requests": 900, "errors": 0, "share": 1 / at}
            | {"expected": 1 / len(self.servers)}
            for at, name in enumerate(self.hostnames, 3)
        ]
        found = {"time": time, "since": _NOON.format(0, 0), "interval": 5.0, "imbalance": 1.02, "servers": servers}
        return found | ({"history": self._history()} if with_history else {})

    def _history(self) -> dict[str, Any]:
        past = {name: [self._figures(name, at) for at in range(120)] for name in self.hostnames}
        return {
            "times": [_NOON.format(at // 12, at * 5 % 60) for at in range(120)],
            "servers": {name: {of: [each[of] for each in all_] for of in MEASURES} for name, all_ in past.items()},
        }

    def _figures(self, name: str, at: int) -> dict[str, float]:
        chance = random.Random(f"{name} {at}")  # noqa: S311
        rate = 40 + 10 * chance.random()
        return {
            "requests_per_second": rate,
            "in_flight": chance.randrange(4),
            "response_time": 0.02 + chance.random() / 100,
            "errors_per_second": 0.0,
        }

    def preview(self, wish: dict[str, Any]) -> dict[str, Any]:
        names = list(wish.get("servers", self.hostnames))
        profile = wish.get("profile", self.ring()["profile"])
        slots = profile.get("slots", 512)
        now, then = self.owners(self.hostnames, self.slots), self.owners(names, slots, seed=3)
        moved = sum(1 for before, after in zip(now, then, strict=False) if before != after)
        share = moved / max(1, len(now))
        traffic = {"counted": 1234, "is_exact": True, "now": _even(self.hostnames), "then": _even(names), "moved": 0.25}
        return {
            "now": _side(self.ring()["profile"], self.hostnames, now),
            "then": _side(profile, names, then),
            "moved": {"slots": moved if slots == self.slots else None, "of": slots, "share": share, "minimum": 0.25},
            "traffic": traffic,
        }

    def deployed(self) -> dict[str, Any]:
        release = {"number": 1, "image": "sample:1", "memory": "512m", "cpus": 0, "environment": []}
        servers = [{"hostname": name, "release": 1} for name in self.hostnames]
        return {"release": release, "deploy": self.deploy, "servers": servers}


def deploy(stage: str, *, left: int = 0, reason: str = "", pulling: dict[str, Any] | None = None) -> dict[str, Any]:
    wish = {"number": 2, "image": "sample:2"}
    return {"stage": stage, "reason": reason, "pulling": pulling, "wish": wish, "left": left} | {
        "configured": False,
        "surge": 1,
        "batch": 1,
    }


def _even(names: list[str]) -> dict[str, float]:
    return {name: 1 / len(names) for name in names}


def _side(profile: dict[str, Any], names: list[str], owners: list[str]) -> dict[str, Any]:
    slots = {name: owners.count(name) for name in names}
    servers = [
        {"hostname": name, "ring_id": at, "weight": 1, "slots": slots[name], "share": slots[name] / len(owners)}
        for at, name in enumerate(names, 1)
    ]
    return {"profile": profile, "servers": servers, "owners": owners}
