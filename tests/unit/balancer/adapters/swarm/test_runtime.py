"""What the runtime of a Swarm tells of the manager's events. With a real Swarm: tests/swarm."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from balancer.adapters.container_spec import ServerSpec
from balancer.adapters.swarm import manager
from balancer.adapters.swarm.runtime import SwarmRuntime
from balancer.core.errors import EngineUnavailable

SPEC = ServerSpec(deployment="shop", name_prefix="", network="shop-net", port=5000)


def event(kind: str, action: str, **attributes: str) -> dict[str, Any]:
    return {"Type": kind, "Action": action, "Actor": {"ID": "0a", "Attributes": attributes}}


class Connection:
    """A docker.APIClient that tells of three events."""

    def events(self, **_: object) -> Iterator[dict[str, Any]]:
        yield event("service", "create", name="payroll-database")
        yield event("node", "update", name="w2", **{"state.new": "down", "state.old": "ready"})
        yield event("node", "update", name="w1", **{"availability.new": "drain"})


def test_nodes_are_named_and_services_are_not_since_most_are_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "_connection", lambda timeout, version: Connection())
    events = SwarmRuntime(SPEC, ()).engine_events()
    assert list(islice(events, 3)) == ["service create", "node update w2 down", "node update w1 drain"]
    with pytest.raises(EngineUnavailable, match="ended its stream"):
        next(events)
