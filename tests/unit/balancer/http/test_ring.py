"""The live ring on the control port, byte for byte where a user reads it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from flask.testing import FlaskClient

from balancer.core.slot_table import SlotTable
from tests.fakes.runtime import Everyone
from tests.unit.balancer.bad_bodies import NOT_AN_OBJECT, NOT_JSON
from tests.unit.balancer.http.test_refusals import reason
from tests.unit.balancer.in_memory import InMemoryBalancer

PROFILE = {"strategy": "table", "slots": 512, "request_hash": "crc32", "key": "random", "bound": None}
WRONG_WEIGHT = "weight must be an integer from 0 to 256"
WRONG_SERVERS = 'servers must be a list of hostnames, or an object of weights such as {"S1":1,"S2":2}'
BAD_EVERYWHERE = [
    (b"", NOT_JSON),
    (b"weight=1", NOT_JSON),
    (b'{"weight":1', NOT_JSON),
    (b'{"x":"\xff"}', NOT_JSON),
    (b"[" * 60_000, NOT_JSON),
    (b'{"slots":NaN}', "NaN is no JSON number"),
    (b"null", NOT_AN_OBJECT),
    (b"[]", NOT_AN_OBJECT),
    (b'"table"', NOT_AN_OBJECT),
    (b'{"weight":1,"weight":2}', '"weight" is given twice'),
]
BAD = {
    ("PUT", "/ring"): [
        *BAD_EVERYWHERE,
        (b'{"strategy":"jump"}', "strategy must be one of table, course, ring, maglev"),
        (b'{"slots":"512"}', "slots must be a power of two from 2 to 65536"),
        (b'{"slots":500}', "slots must be a power of two from 2 to 65536"),
        (b'{"strategy":"maglev","slots":65536.0}', "slots must be a power of two from 2 to 65536, or 65537"),
        (b'{"request_hash":"md4"}', "request_hash must be one of course, crc32, xxh64, md5, sha1, sha256"),
        (b'{"key":"cookie"}', "key must be one of random, header:NAME, cookie:NAME, query:NAME, path, address"),
        (b'{"key":"header:a b"}', "key must be one of"),
        (b'{"bound":1}', "bound must be null (off) or a number above 1, at most 1000, such as 1.25"),
        (b'{"bound":1e999}', "bound must be null (off)"),
        (b'{"virtual_servers":9}', "'virtual_servers' is not a field of a ring profile with the strategy table"),
        (b'{"strategy":"course","virtual_servers":0}', "virtual_servers must be an integer from 1 to 512"),
        (b'{"strategy":"course","virtual_servers":256}', "holds at most 2 servers, not 3"),
        (b'{"weight":1}', "'weight' is not a field of a ring profile"),
    ],
    ("POST", "/ring/preview"): [
        *BAD_EVERYWHERE,
        (b'{"profil":{}}', '"profil" is not a field here; there is: profile, servers'),
        (b'{"slots":1}', "slots must be true or false"),
        (b'{"slots":null}', "slots must be true or false"),
        (b'{"profile":null}', "profile must be a JSON object"),
        (b'{"profile":"table"}', "profile must be a JSON object"),
        (b'{"profile":{"strategy":"jump"}}', "strategy must be one of table, course, ring, maglev"),
        (b'{"profile":{"x":1,"x":2}}', '"x" is given twice'),
        (b'{"servers":null}', WRONG_SERVERS),
        (b'{"servers":3}', WRONG_SERVERS),
        (b'{"servers":["S1",2]}', WRONG_SERVERS),
        (b'{"servers":["S1","s1"]}', "servers: s1 is given twice"),
        (b'{"servers":{"S1":1,"S1":2}}', '"S1" is given twice'),
        (b'{"servers":["a b"]}', 'servers: "a b" is not a valid hostname'),
        (b'{"servers":{"":1}}', 'servers: "" is not a valid hostname'),
        (b'{"servers":{"S1":-1}}', f"servers: S1: {WRONG_WEIGHT}"),
        (b'{"servers":{"S1":null}}', f"servers: S1: {WRONG_WEIGHT}"),
        (b'{"servers":{"S1":0}}', "weight: one server at least has to keep a weight above 0"),
        (json.dumps({"servers": [f"s{number:02}" for number in range(65)]}).encode(), "servers: 65 are too many"),
        (b'{"profile":{"strategy":"course"},"servers":{"S1":1,"S2":2}}', "the strategy course knows no weights"),
    ],
    ("PATCH", "/servers/S1"): [
        *BAD_EVERYWHERE,
        (b"{}", "weight is missing: an integer from 0 to 256"),
        (b'{"weight":-1}', WRONG_WEIGHT),
        (b'{"weight":257}', WRONG_WEIGHT),
        (b'{"weight":1.0}', WRONG_WEIGHT),
        (b'{"weight":"2"}', WRONG_WEIGHT),
        (b'{"weight":true}', WRONG_WEIGHT),
        (b'{"weight":null}', WRONG_WEIGHT),
        (b'{"weight":2,"hostname":"S2"}', '"hostname" is not a field here; there is: weight'),
    ],
}
"""Method and path → bodies and what their refusals say."""


def document(text: str) -> Any:
    """The compact JSON that an answer is."""
    parsed = json.loads(text)
    assert text == json.dumps(parsed, separators=(",", ":"))
    return parsed


def by_name(side: Any) -> dict[str, Any]:
    return {server["hostname"]: server for server in side["servers"]}


def test_the_ring_is_told(control: FlaskClient) -> None:
    answer = control.get("/ring")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.text == (
        '{"profile":{"strategy":"table","slots":512,"request_hash":"crc32","key":"random","bound":null},'
        '"version":2,"digest":"a7acbe6163c57216","slots":512,"servers":['
        '{"hostname":"S1","ring_id":1,"state":"serving","release":1,"weight":1,"warmth":1.0,'
        '"slots":171,"share":0.3341866666666667,"node":""},'
        '{"hostname":"S2","ring_id":2,"state":"serving","release":1,"weight":1,"warmth":1.0,'
        '"slots":170,"share":0.33253222222222223,"node":""},'
        '{"hostname":"S3","ring_id":3,"state":"serving","release":1,"weight":1,"warmth":1.0,'
        '"slots":171,"share":0.3332811111111111,"node":""}'
        '],"requests_without_key":0,"in_step":true}'
    )


def test_the_slots_are_told(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    balancer.runtime.broken = Everyone()
    balancer.runtime.die("S2")
    balancer.step()
    told = document(control.get("/ring/slots").text)
    assert list(told) == ["version", "digest", "owners", "answering"]
    ring_ids = {"S1": 1, "S2": 2, "S3": 3}
    assert SlotTable(tuple(ring_ids[name] for name in told["owners"])).digest() == told["digest"]
    assert tuple(told["answering"]) == balancer.plane.routes.slots
    assert set(told["answering"]) == {"S1", "S3"}


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("key=123456", b"123456"),
        ("key=a%20b", b"a b"),
        ("key=a+b", b"a+b"),
        ("key=%FF%00", b"\xff\x00"),
        ("key=%C3%A9", "é".encode()),
        ("key=%3D%26", b"=&"),
        ("key=a=b", b"a=b"),
        ("x=1&key=k&y", b"k"),
    ],
)
def test_a_key_is_looked_up_as_the_bytes_it_is(
    control: FlaskClient, balancer: InMemoryBalancer, query: str, key: bytes
) -> None:
    told = document(control.get(f"/ring/lookup?{query}").text)
    slot = balancer.desired.fleet.profile.request_hash.slot(key, 512)
    server = balancer.plane.routes.slots[slot]
    assert told == {
        "key": key.decode(errors="backslashreplace"),
        "request_hash": "crc32",
        "slot": slot,
        "owner": server,
        "server": server,
        "walk": [{"slot": slot, "hostname": server, "state": "serving"}],
        "why": f"crc32 of the key mod 512 is slot {slot}; {server} owns it and serves",
    }


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", "key is missing or given twice"),
        ("?keys=1", "key is missing or given twice"),
        ("?key=1&key=1", "key is missing or given twice"),
        ("?key", "key is empty"),
        ("?key=", "key is empty"),
        ("?key=%", "a % that no two hex digits follow is written %25"),
        ("?key=100%25%zz", "a % that no two hex digits follow is written %25"),
    ],
)
def test_a_lookup_without_a_key_is_a_400(control: FlaskClient, query: str, why: str) -> None:
    answer = control.get(f"/ring/lookup{query}")
    assert answer.status_code == 400
    assert why in reason(answer.text)


def test_a_lookup_on_an_empty_ring_says_so(control: FlaskClient, client: FlaskClient) -> None:
    client.delete("/rm", data='{"n":3}')
    told = document(control.get("/ring/lookup?key=1").text)
    assert (told["owner"], told["server"], told["walk"]) == (None, None, [])
    assert told["why"].endswith("nobody owns it: the ring is empty")


def test_a_preview_tells_the_slots_owners_where_they_are_asked_for(control: FlaskClient) -> None:
    wish = '{"servers":["S1","S2","S3","S9"],"slots":true}'
    seen = document(control.post("/ring/preview", data=wish).text)
    assert list(seen["then"]) == ["profile", "servers", "owners"]
    assert seen["now"]["owners"] == document(control.get("/ring/slots").text)["owners"]
    owned = Counter(seen["then"]["owners"])
    assert owned == {name: server["slots"] for name, server in by_name(seen["then"]).items()}
    moved = sum(was != becomes for was, becomes in zip(seen["now"]["owners"], seen["then"]["owners"], strict=True))
    assert moved == seen["moved"]["slots"]


@pytest.mark.parametrize("wish", ["{}", '{"slots":false}'])
def test_a_preview_is_short_where_no_slots_are_asked_for(control: FlaskClient, wish: str) -> None:
    seen = document(control.post("/ring/preview", data=wish).text)
    assert list(seen["now"]) == list(seen["then"]) == ["profile", "servers"]


def test_a_preview_tells_both_rings_and_changes_nothing(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    before = balancer.whole_state()
    body = '{"profile":{"strategy":"table"},"servers":{"S1":1,"S3":2,"S9":1}}'
    seen = document(control.post("/ring/preview", data=body).text)
    assert balancer.whole_state() == before
    assert seen["now"]["profile"] == seen["then"]["profile"] == PROFILE
    assert by_name(seen["now"]).keys() == {"S1", "S2", "S3"}
    then = by_name(seen["then"])
    assert {name: (server["ring_id"], server["weight"], server["slots"]) for name, server in then.items()} == {
        "S1": (1, 1, 128),
        "S3": (3, 2, 256),
        "S9": (4, 1, 128),
    }
    moved = seen["moved"]
    assert (moved["slots"], moved["of"]) == (213, 512)
    assert moved["share"] == pytest.approx(213 / 512, abs=0.01)
    assert moved["minimum"] == pytest.approx(2 / 4 - 1 / 3 + 1 / 4)


def test_a_list_of_servers_keeps_their_weights(control: FlaskClient) -> None:
    control.patch("/servers/S1", data='{"weight":5}')
    seen = document(control.post("/ring/preview", data='{"servers":["S1","S9"]}').text)
    assert {name: server["weight"] for name, server in by_name(seen["then"]).items()} == {"S1": 5, "S9": 1}


def test_slots_of_another_m_cannot_be_compared(control: FlaskClient) -> None:
    moved = document(control.post("/ring/preview", data='{"profile":{"slots":64}}').text)["moved"]
    assert (moved["slots"], moved["of"], moved["minimum"]) == (None, 64, 0)
    assert 0.5 < moved["share"] < 0.8


def test_a_switch_answers_with_the_new_ring(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    answer = control.put("/ring", data='{"strategy":"table","slots":64,"key":"cookie:user","bound":1.5}')
    told = document(answer.text)
    assert answer.status_code == 200
    assert told["profile"] == {**PROFILE, "slots": 64, "key": "cookie:user", "bound": 1.5}
    assert (told["slots"], told["in_step"]) == (64, True)
    assert control.get("/ring").text == answer.text
    assert len(balancer.plane.routes.slots) == 64


def test_a_profile_that_was_told_can_be_sent_back(control: FlaskClient) -> None:
    before = control.get("/ring").text
    answer = control.put("/ring", data=json.dumps(json.loads(before)["profile"]))
    assert (answer.status_code, answer.text) == (200, before)


def test_a_weight_answers_with_its_server(control: FlaskClient) -> None:
    answer = control.patch("/servers/S2", data='{"weight":2}')
    told = document(answer.text)
    ring = control.get("/ring").json
    assert answer.status_code == 200
    assert told == {"version": 3, **by_name(ring)["S2"]}
    assert (told["weight"], told["slots"]) == (2, 256)


@pytest.mark.parametrize("hostname", ["S9", "s1", "S1%20", "%C3%A9", "x" * 100])
def test_a_server_that_does_not_serve_is_a_404(control: FlaskClient, balancer: InMemoryBalancer, hostname: str) -> None:
    before = balancer.whole_state()
    answer = control.patch(f"/servers/{hostname}", data='{"weight":2}')
    assert answer.status_code == 404
    assert reason(answer.text).startswith('no server named "')
    assert balancer.whole_state() == before


@pytest.mark.parametrize(
    ("where", "body", "why"), [(where, body, why) for where, bodies in BAD.items() for body, why in bodies]
)
def test_a_bad_body_is_a_400_with_its_reason_and_changes_nothing(
    control: FlaskClient, balancer: InMemoryBalancer, where: tuple[str, str], body: bytes, why: str
) -> None:
    method, path = where
    before = balancer.whole_state()
    answer = control.open(path, method=method, data=body)
    assert answer.status_code == 400
    assert why in reason(answer.text)
    assert balancer.whole_state() == before


@pytest.mark.parametrize("where", BAD)
@pytest.mark.parametrize(("size", "status"), [(65_536, 400), (65_537, 413), (200_000, 413)])
def test_a_body_beyond_the_limit_is_a_413(
    control: FlaskClient, balancer: InMemoryBalancer, where: tuple[str, str], size: int, status: int
) -> None:
    method, path = where
    before = balancer.whole_state()
    answer = control.open(path, method=method, data=b'{"x":1}' + b" " * (size - 7))
    assert answer.status_code == status
    assert (reason(answer.text) == "The body is larger than 65536 bytes") == (status == 413)
    assert balancer.whole_state() == before


@pytest.mark.parametrize("where", BAD)
def test_a_body_without_end_is_a_413_too(control: FlaskClient, where: tuple[str, str]) -> None:
    """gunicorn ends a stream of chunks by itself and tells no length. Nobody asks for all of it at once."""

    class Endless:
        def read(self, size: int = -1) -> bytes:
            assert size >= 0
            return b" " * min(size, 1 << 20)

    method, path = where
    environ = {"wsgi.input": Endless(), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    answer = control.open(path, method=method, headers={"Transfer-Encoding": "chunked"}, environ_overrides=environ)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("PUT", "/ring", '{"slots":64}'), ("PATCH", "/servers/S1", '{"weight":2}')],
)
def test_a_change_that_cannot_be_carried_out_is_a_503_and_has_not_happened(
    control: FlaskClient, balancer: InMemoryBalancer, method: str, path: str, body: str
) -> None:
    before = balancer.whole_state()
    for fault in (balancer.plane.away, balancer.store.full):
        fault.arm(times=1)
        assert control.open(path, method=method, data=body).status_code == 503
    assert balancer.whole_state() == before


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/ring", {"GET", "HEAD", "PUT", "OPTIONS"}),
        ("DELETE", "/ring/slots", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/ring/preview", {"POST", "OPTIONS"}),
        ("GET", "/servers/S1", {"PATCH", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_a_405_that_says_what_is_allowed(
    control: FlaskClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = control.open(path, method=method)
    assert answer.status_code == 405
    assert {name.strip() for name in answer.headers["Allow"].split(",")} == allowed
    assert reason(answer.text) == f"{path} does not know the method {method}"


@pytest.mark.parametrize("path", ["/ring/", "/ring/nothing", "/servers", "/servers/", "/servers/S1/weight"])
def test_an_unknown_path_is_a_404(control: FlaskClient, path: str) -> None:
    answer = control.get(path)
    assert answer.status_code == 404
    assert reason(answer.text) == f"{path} does not exist here"
