"""/traffic on the control port, and what a preview says of the traffic that was seen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from balancer.core.request_hash import REQUEST_HASHES
from tests.unit.balancer.http.test_refusals import reason
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app

KEYED = {"key": "header:X-User"}
CRC32 = REQUEST_HASHES["crc32"]


@pytest.fixture
def keyed() -> InMemoryBalancer:
    return InMemoryBalancer(ring=KEYED).started()


def came(balancer: InMemoryBalancer, counted: dict[str, int]) -> None:
    for key, count in counted.items():
        balancer.traffic.counted(key.encode(), CRC32.slot(key.encode(), 512), count)


def previewed(balancer: InMemoryBalancer, wish: dict[str, Any]) -> Any:
    answer = control_app(balancer).test_client().post("/ring/preview", data=json.dumps(wish))
    assert answer.status_code == 200, answer.text
    return json.loads(answer.data)["traffic"]


def test_the_keys_are_told_byte_for_byte(keyed: InMemoryBalancer) -> None:
    came(keyed, {"alice": 150, "bob": 49, "carol": 1})
    assert control_app(keyed).test_client().get("/traffic").text == (
        '{"sampled":0.0625,"counted":200,"keys":3,"is_random":false,"slots":[[71,150],[195,1],[320,49]],'
        '"heavy":[{"key":"753a727d","slot":71,"share":0.75},{"key":"02bbe0e7","slot":320,"share":0.245}]}'
    )


def test_where_keys_are_random_nothing_is_counted(control: FlaskClient) -> None:
    assert control.get("/traffic").text == (
        '{"sampled":0.0,"counted":0,"keys":0,"is_random":true,"slots":[],"heavy":[]}'
    )


def test_no_key_is_told(keyed: InMemoryBalancer) -> None:
    came(keyed, {"alice@example.com": 500})
    assert "alice" not in control_app(keyed).test_client().get("/traffic").text


def test_while_the_plane_is_away_nobody_knows(keyed: InMemoryBalancer) -> None:
    keyed.plane.away.arm()
    answer = control_app(keyed).test_client().get("/traffic")
    assert (answer.status_code, reason(answer.text)) == (503, "the edge does not answer")


def test_a_preview_says_what_the_traffic_would_do(keyed: InMemoryBalancer) -> None:
    came(keyed, {f"user-{number}": 1 + 200 // (number + 1) for number in range(100)})
    told = previewed(keyed, {"servers": ["S1", "S2"]})
    assert (told["counted"], told["is_exact"]) == (keyed.traffic.keys().counted, True)
    assert told["now"].keys() == {"S1", "S2", "S3"}
    assert told["then"].keys() == {"S1", "S2"}
    assert sum(told["then"].values()) == pytest.approx(1)
    assert told["moved"] == pytest.approx(told["now"]["S3"])
    assert not previewed(keyed, {"profile": {**KEYED, "request_hash": "sha256"}})["is_exact"]


@pytest.mark.parametrize("why", ["another key", "too few", "the plane is away"])
def test_a_preview_says_nothing_where_nothing_is_known(keyed: InMemoryBalancer, why: str) -> None:
    came(keyed, {"alice": 20 if why == "too few" else 200})
    if why == "the plane is away":
        keyed.plane.away.arm()
    assert previewed(keyed, {"profile": {"key": "path"} if why == "another key" else KEYED}) is None
