"""A call is read strictly: whatever two readers could understand differently is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from balancer.core.errors import InvalidRequest
from balancer.core.release import Release
from keeper import call

SERVER = {"hostname": "S1", "ring_id": 1, "rolled": False, "generation": 1}
RELEASE = {"number": 1, "content": "", **Release().document()}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "not a JSON object in UTF-8"),
        (b"GET /containers/json HTTP/1.1\r\n", "not a JSON object in UTF-8"),
        (b"[]\n", "not a JSON object in UTF-8"),
        (b'\xef\xbb\xbf{"verb":"observe"}\n', "not a JSON object in UTF-8"),
        ('{"verb":"observe"}\n'.encode("utf-16-le"), "not a JSON object in UTF-8"),
        (b'{"verb":"\xff"}\n', "not JSON"),
        (b'{"verb":"\xc0\xaf"}\n', "not JSON"),
        (b'{"verb":"\\ud800"}\n', "half a pair of surrogates"),
        (b'{"verb":"observe"}{"verb":"observe"}\n', "not JSON"),
        (b'{"verb":"observe"}\n{"verb":"observe"}\n', "not JSON"),
        (b'{"verb":"observe","verb":"stop"}\n', '"verb" is given twice'),
        (b'{"verb":"observe","a":{"b":1,"b":2}}\n', '"b" is given twice'),
        (b'{"verb":NaN}\n', "NaN is no JSON number"),
        (b'{"verb":-Infinity}\n', "-Infinity is no JSON number"),
        (b'{"verb":' + b"9" * 5000 + b"}\n", "not JSON"),
        (b'{"verb":' + b"[" * 500_000 + b"\n", "not JSON"),
        (b"{'verb':'observe'}\n", "not JSON"),
    ],
)
def test_what_is_no_call_is_refused(line: bytes, why: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        call.parse(line)
    assert why in str(refused.value)


def test_a_call_is_read() -> None:
    assert call.parse(b'{"verb":"find","name":"\\ud83d\\ude00"}\n') == {"verb": "find", "name": "\U0001f600"}


@pytest.mark.parametrize(
    "change",
    [
        {"hostname": ""},
        {"hostname": "a"},
        {"hostname": "../x"},
        {"hostname": "S1.2"},
        {"hostname": "S1.spare"},
        {"hostname": "Ringmaster-Keeper"},
        {"hostname": "\u017f1"},
        {"hostname": ["S1"]},
        {"ring_id": True},
        {"ring_id": 1.0},
        {"ring_id": "1"},
        {"ring_id": -1},
        {"ring_id": 2**31},
        {"rolled": 1},
        {"rolled": None},
        {"generation": "1"},
        {"Hostname": "S2"},
        {"privileged": True},
    ],
)
def test_a_server_is_its_typed_fields_and_no_other(change: dict[str, Any]) -> None:
    assert call.server(SERVER).instance == "S1"
    with pytest.raises(InvalidRequest):
        call.server({**SERVER, **change})


@pytest.mark.parametrize("missing", ["hostname", "ring_id", "rolled", "generation"])
def test_a_server_has_all_its_fields(missing: str) -> None:
    with pytest.raises(InvalidRequest, match=f"the field {missing} is missing"):
        call.server({name: value for name, value in SERVER.items() if name != missing})


@pytest.mark.parametrize(
    "change",
    [
        {"content": "sha256:0a"},
        {"content": "0a" * 32},
        {"content": None},
        {"number": 1.5},
        {"image": "a b"},
        {"memory": 5},
        {"cpus": "1"},
        {"privileged": True},
        {"Memory": "1g"},
        {"me\u017fory": "x"},
        {"labels": {"Ringmaster.Role": "edge"}},
        {"digest": "x@sha256:00"},
    ],
)
def test_a_release_is_its_typed_fields_and_no_other(change: dict[str, Any]) -> None:
    assert call.release(RELEASE) == Release()
    with pytest.raises(InvalidRequest):
        call.release({**RELEASE, **change})


@pytest.mark.parametrize("missing", ["content", "number", "image", "log_options"])
def test_a_release_has_all_its_fields(missing: str) -> None:
    with pytest.raises(InvalidRequest, match=f"the field {missing} is missing"):
        call.release({name: value for name, value in RELEASE.items() if name != missing})


def test_a_release_comes_as_it_was_sent() -> None:
    release = Release(
        7, "shop:1", {"A": "b"}, "1g", 0.5, command=("x",), tmpfs={"/run": ""}, content=f"sha256:{'0' * 64}"
    )
    told = {"number": release.number, "content": release.content, **release.document()}
    assert call.release(json.loads(json.dumps(told))) == release


@pytest.mark.parametrize("name", ["S1", "S1.2", "S1.spare", "web_1"])
def test_names_of_containers(name: str) -> None:
    assert call.name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "S1.0",
        "S1.2.spare",
        "S1/json",
        "S1?x",
        "S1%2f",
        "S1\n",
        "ringmaster-edge",
        "RINGMASTER-KEEPER.spare",
        "a" * 64,
        1,
    ],
)
def test_what_is_no_name_of_a_container(name: object) -> None:
    with pytest.raises(InvalidRequest):
        call.name(name)


@pytest.mark.parametrize("container", ["0a", "0A" * 32, "0a" * 32 + "\n", "0a" * 33, None, "S1"])
def test_only_whole_ids(container: object) -> None:
    assert call.container("") == ""
    assert call.container("0a" * 32) == "0a" * 32
    with pytest.raises(InvalidRequest):
        call.container(container)


def test_nodes_are_names() -> None:
    assert call.nodes(["w1", "node-2.example"]) == {"w1", "node-2.example"}
    assert call.nodes([]) == frozenset()
    for value in (None, "w1", [1], [""], ["a b"], ["a==b"], ["!=a"]):
        with pytest.raises(InvalidRequest, match="is not a list of nodes"):
            call.nodes(value)
