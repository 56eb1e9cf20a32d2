"""Where the virtual servers are, as the drawing asks for it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.unit.balancer.in_memory import InMemoryBalancer, control_app


@pytest.mark.parametrize("strategy", ["table", "maglev"])
def test_a_strategy_without_virtual_servers_has_none(control: FlaskClient, strategy: str) -> None:
    control.put("/ring", json={"strategy": strategy, "slots": 64})
    told = control.get("/ring/points").json
    assert told == {"version": control.get("/ring").json["version"], "points": {}}  # type: ignore[index]


@pytest.mark.parametrize("profile", [{"strategy": "course"}, {"strategy": "ring", "points": "slots"}])
def test_a_virtual_servers_slot_is_its_servers(
    control: FlaskClient, balancer: InMemoryBalancer, profile: dict[str, str]
) -> None:
    control.put("/ring", json=profile)
    owners = control.get("/ring/slots").json["owners"]  # type: ignore[index]
    points = control.get("/ring/points").json["points"]  # type: ignore[index]
    assert list(points) == list(balancer.replicas)
    for name, places in points.items():
        assert len(places) == 9
        assert places == sorted(places)
        assert all(0 <= place < 1 for place in places)
        if profile["strategy"] == "course":
            assert {owners[int(place * 512)] for place in places} == {name}


def test_a_server_without_weight_has_none(control: FlaskClient) -> None:
    control.put("/ring", json={"strategy": "ring"})
    control.patch("/servers/S2", json={"weight": 0})
    assert list(control.get("/ring/points").json["points"]) == ["S1", "S3"]  # type: ignore[index]


def test_a_server_that_is_down_keeps_its_places(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    control.put("/ring", json={"strategy": "ring"})
    before = control.get("/ring/points").json["points"]  # type: ignore[index]
    balancer.runtime.die("S2")
    balancer.runtime.away.arm(after=1)
    balancer.reconciler.step()
    assert control.get("/ring/points").json["points"] == before  # type: ignore[index]


def test_it_wants_the_token(balancer: InMemoryBalancer) -> None:
    assert control_app(balancer, token_sha256="0" * 64).test_client().get("/ring/points").status_code == 401
