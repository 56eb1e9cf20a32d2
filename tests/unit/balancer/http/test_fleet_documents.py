"""The bodies of /add and /rm: what is read. What is refused is tested with the requests."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.document import json_object
from balancer.core.errors import InvalidRequest
from balancer.core.fleet_change import FleetChange
from balancer.http import refusal
from balancer.http.fleet_documents import Addition, Replicas
from balancer.ports import answers


def read(body: bytes) -> FleetChange:
    return refusal.checked(Addition, json_object(body, example='{"n":1}')).change()


@pytest.mark.parametrize(
    ("body", "change"),
    [
        (b'{"n":1}', FleetChange(1)),
        (b'{"n":4,"hostnames":["S5","S4","S10","S11"]}', FleetChange(4, ("S5", "S4", "S10", "S11"))),
        (b'{"n":3,"hostnames":["S5"]}', FleetChange(3, ("S5",))),
        (b'{"hostnames":[],"n":2}', FleetChange(2)),
        (b' \r\n\t{ "n" : 2 }\n', FleetChange(2)),
        (b'{"n":1,"comment":null,"replicas":2.5,"deep":{"n":0}}', FleetChange(1)),
        (b'{"N":7,"n":1}', FleetChange(1)),
        (b'{"n":1,"hostnames":["server_1"]}', FleetChange(1, ("server_1",))),
        (b'{"\\u006e":1}', FleetChange(1)),
        (b'{"n":2,"weight":3}', FleetChange(2, weight=3)),
        (b'{"n":1,"weight":0}', FleetChange(1, weight=0)),
        (b'{"n":1,"weight":256}', FleetChange(1, weight=256)),
    ],
)
def test_a_right_body_is_read(body: bytes, change: FleetChange) -> None:
    assert read(body) == change


@pytest.mark.parametrize("weight", ["-1", "257", "1.0", "1e2", "true", "null", '"1"', "[1]", "{}", "1" + 400 * "0"])
def test_a_weight_that_is_no_integer_from_0_to_256_is_refused(weight: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^weight must be an integer from 0 to 256$"):
        read(b'{"n":1,"weight":%b}' % weight.encode())


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_and_nothing_else_happens(body: bytes) -> None:
    with suppress(InvalidRequest):
        assert read(body).n >= 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["n", "hostnames", "x"]), inner),
    max_leaves=8,
)


@given(JSON)
def test_any_json_is_read_or_refused_and_nothing_else_happens(document: object) -> None:
    with suppress(InvalidRequest):
        change = read(json.dumps(document).encode())
        assert isinstance(document, dict)
        assert change.n == document["n"] >= 1


@pytest.mark.parametrize(
    ("replicas", "text"),
    [
        (("S1", "S2"), '{"message":{"N":2,"replicas":["S1","S2"]},"status":"successful"}'),
        ((), '{"message":{"N":0,"replicas":[]},"status":"successful"}'),
    ],
)
def test_an_answer_names_n_and_the_replicas(replicas: tuple[str, ...], text: str) -> None:
    assert answers.compact(Replicas.of(replicas).model_dump()) == text
