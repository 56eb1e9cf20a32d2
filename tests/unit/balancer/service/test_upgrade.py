"""The upgrade from version 2, whose state file had format 3: the fleet serves on and is rolled once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from balancer.adapters.file_store import FileStore
from balancer.core.catalogue import Catalogue
from balancer.core.deploy import Stage
from balancer.core.fleet import Server
from balancer.core.lifecycle import State
from tests.unit.balancer.in_memory import InMemoryBalancer, World
from tests.unit.balancer.rolling import OLD, carry_on, made_of

THEN = replace(OLD, init=False, pids=0, port=8080, heartbeat_path="/up")
"""What version 2 made containers of, port and heartbeat path as its settings said."""
NOW = replace(OLD, port=8080, heartbeat_path="/up")
SERVERS = (
    Server("S1", 1, State.SERVING, release=3, rolled=True, generation=3),
    Server("S2", 2, State.SERVING),
    Server("S3", 3, State.SERVING),
)
"""S1 went back from a deploy that failed: then the old release had two numbers."""


def saved(release: dict[str, object], addresses: dict[str, str], slots: int) -> dict[str, object]:
    servers = [
        {
            "name": server.hostname,
            "ring_id": server.ring_id,
            "state": server.state,
            "address": addresses[server.instance],
            "weight": 1,
            "ramp": 16,
            "release": server.release,
            "rolled": server.rolled,
        }
        for server in SERVERS
    ]
    wish = release | {"number": 2, "image": "app:2"}
    return {
        "format": 3,
        "target": 3,
        "next_ring_id": 4,
        "servers": servers,
        "table": [1 + slot % 3 for slot in range(slots)],
        "version": 5,
        "release": release,
        "configured_release": release,
        "deploy": {"wish": wish, "surge": 1, "batch": 1, "stage": "rolled back", "reason": "no good"},
    }


@pytest.fixture
def balancer(tmp_path: Path) -> InMemoryBalancer:
    """Just upgraded: it has taken no step yet."""
    world = World()
    for server in SERVERS:
        world.runtime.start(server, replace(THEN, number=server.release))
    addresses = {instance: container.address for instance, container in world.runtime.observe().items()}
    fields = ("image", "environment", "memory", "cpus")
    release = {"number": 1, **{name: THEN.document()[name] for name in fields}}
    profile = Catalogue().profile({})
    document = saved(release, addresses, profile.slots)
    (tmp_path / "fleet.json").write_text(json.dumps(document))
    world.store = FileStore(tmp_path, catalogue=Catalogue(), profile=profile, release=NOW)  # type: ignore[assignment]
    return InMemoryBalancer(world, release=NOW)


def test_it_serves_on_and_nobody_is_silent(balancer: InMemoryBalancer) -> None:
    before = balancer.runtime.observe()
    balancer.step()
    balancer.beat()
    balancer.step()
    assert balancer.replicas == ("S1", "S2", "S3")
    assert balancer.runtime.observe().keys() == before.keys()
    assert not balancer.heartbeats.silent
    assert balancer.runtime.killed == []


def test_it_is_rolled_once_to_what_the_settings_say(balancer: InMemoryBalancer) -> None:
    balancer.step()
    table = balancer.desired.fleet.table
    carry_on(balancer, between=balancer.beat)
    assert balancer.desired.fleet.deploy is not None
    assert balancer.desired.fleet.deploy.stage is Stage.DONE
    assert made_of(balancer) == dict.fromkeys(("S1", "S2", "S3"), NOW)
    assert balancer.desired.fleet.table == table
    assert balancer.desired.fleet.instances(State.SERVING) == ("S1.4", "S2.4", "S3.4")
    again = balancer.restarted()
    again.steps(2)
    assert not again.rollout.is_running


def test_where_the_new_containers_do_not_start_only_they_go(balancer: InMemoryBalancer) -> None:
    before = balancer.runtime.observe()
    balancer.step()
    balancer.runtime.mute = {"S1"}
    carry_on(balancer)
    assert balancer.desired.fleet.deploy is not None
    assert balancer.desired.fleet.deploy.stage is Stage.ROLLED_BACK
    assert {name: item.id for name, item in balancer.runtime.observe().items()} == {
        name: item.id for name, item in before.items()
    }
