from __future__ import annotations

import json

from tests.unit.balancer.in_memory import InMemoryBalancer
from tests.unit.ringmaster.conftest import Run
from tests.unit.ringmaster.control_port import ControlPort


def test_it_shows_the_way_from_key_to_server(run: Run) -> None:
    result = run("explain", "alice")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "'alice'",
        "  ↓ crc32 → slot 71",
        "  ↓ S3 (serving, slot 71)",
        "→ S3",
        "crc32 of the key mod 512 is slot 71; S3 owns it and serves",
    ]


def test_as_json_it_is_the_answer_as_it_came(run: Run, port: ControlPort) -> None:
    document = '{"key":"é","walk":[],  "untouched":true}'
    port.own["GET", "/ring/lookup"] = 200, document
    assert run("explain", "alice", "--json").stdout == f"{document}\n"


def test_every_byte_of_the_key_is_asked_for(run: Run, port: ControlPort) -> None:
    assert json.loads(run("explain", "a+b &c=%é", "--json").stdout)["key"] == "a+b &c=%é"
    assert run("explain", "/path?x=1").exit_code == 0


def test_an_empty_ring_answers_nobody(run: Run, balancer: InMemoryBalancer, port: ControlPort) -> None:
    run("rm", "3", "--yes")
    result = run("explain", "alice")
    assert "→ nobody answers" in result.stdout
    assert result.exit_code == 0
