"""/rep, /add and /rm: their answers to the byte, and what they do to the fleet."""

from __future__ import annotations

import re
import threading

import pytest
from docker.errors import NotFound

from tests.polling import stays
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

GENERATED = re.compile(r"[a-z][a-z][a-z0-9]+")
RESYNC = 1.0
"""Seconds after which the balancer looks at everything again, whatever happened."""
USERS_FORMS = re.compile(r"(s|server)\d+", re.IGNORECASE)


def fleet_of(system: System, *hostnames: str) -> None:
    system.rm(len(system.replicas))
    assert system.add(len(hostnames), hostnames).status == 200


def test_the_handouts_fleet_add_and_rm_answer_as_the_handout_says(system: System) -> None:
    fleet_of(system, "S1", "S2", "S3")
    rep = system.rep()
    assert (rep.status, rep.headers["Content-Type"]) == (200, "application/json")
    assert rep.body == b'{"message":{"N":3,"replicas":["S1","S2","S3"]},"status":"successful"}'
    added = system.add(4, ["S5", "S4", "S10", "S11"])
    assert added.status == 200
    assert added.headers["Content-Type"] == "application/json"
    assert added.body == b'{"message":{"N":7,"replicas":["S1","S2","S3","S5","S4","S10","S11"]},"status":"successful"}'
    removed = system.rm(3, ["S5", "S4"])
    left = removed.document["message"]["replicas"]
    assert removed.status == 200
    assert removed.document == {"message": {"N": 4, "replicas": left}, "status": "successful"}
    assert len(left) == 4
    assert set(left) < {"S1", "S2", "S3", "S10", "S11"}
    assert left == sorted(left, key=["S1", "S2", "S3", "S10", "S11"].index)
    assert set(system.containers.servers) == set(left)
    assert system.rep().body == removed.body


def test_new_servers_serve_and_removed_ones_are_gone_when_the_answer_comes(system: System) -> None:
    system.add(1, ["fresh_1"])
    assert "fresh_1" in system.slot_map
    assert system.containers.server("fresh_1").status == "running"
    system.rm(1, ["fresh_1"])
    assert "fresh_1" not in system.slot_map
    assert "fresh_1" not in system.containers.servers


def test_missing_names_are_generated(system: System) -> None:
    before = system.replicas
    replicas = system.add(2, ["chosen"]).document["message"]["replicas"]
    assert replicas[:-1] == [*before, "chosen"]
    assert GENERATED.fullmatch(replicas[-1])
    assert not USERS_FORMS.fullmatch(replicas[-1])


def test_a_fleet_of_none_stays_empty_until_somebody_adds(system: System) -> None:
    answer = system.rm(3)
    assert (answer.status, answer.body) == (200, b'{"message":{"N":0,"replicas":[]},"status":"successful"}')
    refused = system.get("/home")
    assert refused.status == 503
    assert refused.headers["Content-Type"] == "application/json"
    assert refused.body == b'{"message":"<Error> No server can answer now","status":"failure"}'
    system.wait_until_ready()
    stays(lambda: not system.containers.servers, "no server is started", seconds=RESYNC + 0.5)
    (name,) = system.add(1).document["message"]["replicas"]
    served = system.get("/home")
    assert served.document["message"] == f"Hello from Server: {name}"
    assert served.headers["X-Served-By"] == name


def test_a_container_that_is_not_ours_makes_add_refuse_with_its_name(system: System) -> None:
    settings = system.settings
    before = system.standing
    foreign = system.containers.engine.containers.create(
        system.containers.balancer.image.id, ["sleep", "1"], name=f"{settings.name_prefix}S77"
    )
    try:
        answer = system.add(2, ["S76", "S77"])
        foreign.reload()
    finally:
        foreign.remove(force=True)
    assert answer.status == 409
    assert answer.document["status"] == "failure"
    assert f"{settings.name_prefix}S77" in answer.document["message"]
    assert system.standing == before


def test_an_add_that_fails_for_one_server_adds_none(system: System) -> None:
    """S71's container is removed as soon as it exists, in one call: it must not get as far as its first heartbeat."""
    before = system.standing
    ended = threading.Event()
    engine, container = system.containers.engine.api, f"{system.settings.name_prefix}S71"

    def spoil() -> None:
        while not ended.wait(0.01):
            try:
                engine.remove_container(container, force=True)
            except NotFound:
                continue
            else:
                return

    spoiler = threading.Thread(target=spoil)
    spoiler.start()
    try:
        answer = system.add(3, ["S70", "S71", "S72"])
    finally:
        ended.set()
        spoiler.join()
    assert answer.status == 500
    assert answer.document["status"] == "failure"
    assert "S71" in answer.document["message"]
    assert system.standing == before
