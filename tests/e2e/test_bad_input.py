"""Bad input: refused in one shape, with the field named, and nothing changed by it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.http_client import Answer, ask
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

LIMIT = 65536

METHOD = {"/add": "POST", "/rm": "DELETE"}
NOT_JSON = [b"", b"{", b"n=1", b'{"n":NaN}', b"\xff", b"[" * 30000]
NO_OBJECT = [b"[]", b"null", b"1", b'"n"']
WRONG_N = [
    b"{}",
    b'{"hostnames":["S90"]}',
    b'{"n":null}',
    b'{"n":2.0}',
    b'{"n":"2"}',
    b'{"n":true}',
    b'{"n":0}',
    b'{"n":-1}',
    b'{"n":1,"n":2}',
]
WRONG_HOSTNAMES = [
    b'{"n":1,"hostnames":null}',
    b'{"n":1,"hostnames":"S90"}',
    b'{"n":1,"hostnames":[1]}',
    b'{"n":1,"hostnames":[""]}',
    b'{"n":1,"hostnames":["S"]}',
    b'{"n":1,"hostnames":["-S90"]}',
    b'{"n":1,"hostnames":["S 90"]}',
    b'{"n":1,"hostnames":["S.90"]}',
    b'{"n":1,"hostnames":["S90\\n"]}',
    b'{"n":1,"hostnames":["S\xc3\xa490"]}',
    b'{"n":1,"hostnames":["' + b"x" * 64 + b'"]}',
    b'{"n":2,"hostnames":["S90","S90"]}',
    b'{"n":2,"hostnames":["S90","s90"]}',
]


def refused(answer: Answer, status: int, field: str) -> None:
    """The shape of every refusal: compact JSON, `<Error> `, the field."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/json"
    assert list(answer.document) == ["message", "status"]
    assert answer.document["status"] == "failure"
    assert answer.document["message"].startswith("<Error> ")
    assert field in answer.document["message"]
    assert answer.body == json.dumps(answer.document, separators=(",", ":")).encode()


@pytest.fixture
def unchanged(system: System) -> Iterator[System]:
    """A system that must be after the test what it was before."""
    before = system.standing
    yield system
    assert system.standing == before


@pytest.mark.parametrize("path", METHOD)
@pytest.mark.parametrize(
    ("field", "bodies"),
    [("body", NOT_JSON), ("body", NO_OBJECT), ("n", WRONG_N), ("hostnames", WRONG_HOSTNAMES)],
    ids=["not JSON", "no object", "n", "hostnames"],
)
def test_a_bad_body_is_refused_with_the_field_named(
    unchanged: System, path: str, field: str, bodies: list[bytes]
) -> None:
    for body in bodies:
        refused(ask(METHOD[path], unchanged.url, path, body=body), 400, field)


def test_more_names_than_n_is_refused_in_the_handouts_words(unchanged: System) -> None:
    added = unchanged.add(1, ["S90", "S91"])
    assert added.status == 400
    assert added.body == (
        b'{"message":"<Error> Length of hostname list is more than newly added instances","status":"failure"}'
    )
    removed = unchanged.rm(1, unchanged.replicas[:2])
    assert removed.status == 400
    assert removed.body == (
        b'{"message":"<Error> Length of hostname list is more than removable instances","status":"failure"}'
    )


def test_a_name_that_exists_cannot_be_added(unchanged: System) -> None:
    name = unchanged.replicas[0]
    refused(unchanged.add(1, [name]), 400, name)
    refused(unchanged.add(2, ["S90", name.swapcase()]), 400, "hostnames")


def test_a_name_of_a_part_of_the_deployment_cannot_be_added(unchanged: System) -> None:
    for name in ("ringmaster-balancer", "ringmaster-edge", "ringmaster-keeper"):
        refused(unchanged.add(1, [name]), 400, name)


def test_a_name_that_does_not_exist_cannot_be_removed(unchanged: System) -> None:
    refused(unchanged.rm(2, [unchanged.replicas[0], "S99"]), 400, "S99")


def test_more_than_the_cap_cannot_be_added(unchanged: System) -> None:
    refused(unchanged.add(62), 400, "max_servers is 64")


def test_more_than_there_are_cannot_be_removed(unchanged: System) -> None:
    refused(unchanged.rm(4), 400, "n")


@pytest.mark.parametrize(
    ("path", "wrong", "allowed"),
    [
        ("/rep", ["POST", "PUT", "DELETE", "OPTIONS"], "GET"),
        ("/add", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"], "POST"),
        ("/rm", ["GET", "POST", "PUT", "OPTIONS"], "DELETE"),
    ],
)
def test_a_wrong_method_is_405_and_told_the_right_one(
    unchanged: System, path: str, wrong: list[str], allowed: str
) -> None:
    for method in wrong:
        answer = ask(method, unchanged.url, path, body=b'{"n":1}')
        refused(answer, 405, method)
        assert allowed in answer.headers["Allow"].replace(" ", "").split(",")


def valid(size: int) -> bytes:
    """A body of so many bytes that would be carried out if size did not matter."""
    return b'{"n":1}'.ljust(size)


def in_chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 16384):
        yield body[start : start + 16384]


@pytest.mark.parametrize("path", METHOD)
@pytest.mark.parametrize("size", [LIMIT + 1, 1_000_000, 20_000_000])
@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
def test_too_large_a_body_gets_its_413_and_no_reset(unchanged: System, path: str, size: int, *, chunked: bool) -> None:
    body = in_chunks(valid(size)) if chunked else valid(size)
    refused(ask(METHOD[path], unchanged.url, path, body=body), 413, str(LIMIT))


@pytest.mark.parametrize("path", [*METHOD, "/echo"])
def test_a_body_whose_chunks_are_broken_is_400(unchanged: System, path: str) -> None:
    headers = {"Transfer-Encoding": "chunked"}
    answer = ask(METHOD.get(path, "PUT"), unchanged.url, path, body=b"zz\r\n\r\n", headers=headers)
    assert answer.status == 400, answer


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
def test_a_body_of_exactly_the_limit_is_read(unchanged: System, *, chunked: bool) -> None:
    body = b'{"n":99}'.ljust(LIMIT)
    refused(ask("DELETE", unchanged.url, "/rm", body=in_chunks(body) if chunked else body), 400, "99 is too many")


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "application/json", None])
def test_a_body_is_json_whatever_its_content_type_says(unchanged: System, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    body = b'{"n": 99, "unknown": "ignored"}'
    refused(ask("DELETE", unchanged.url, "/rm", body=body, headers=headers), 400, "99 is too many")
